"""What a points programme comes to for one customer who buys once a month, month after month."""

from collections.abc import Callable
from datetime import date
from itertools import pairwise
from typing import Annotated, NamedTuple

from msgspec import Meta, Struct

from queqiao.decide.promotions.documents.bounds import Amount, Count, Price
from queqiao.decide.promotions.documents.points_programme import PointsProgrammeDocument
from queqiao.decide.promotions.loyalty.checks import check_points_programme
from queqiao.decide.promotions.loyalty.programme import Programme, months_later
from queqiao.kernel.clock import business_day, day_start_us
from queqiao.kernel.errors import FieldError, InvalidInput

NOON_US = 12 * 3_600_000_000
MONTHS_DEFAULT, MONTHS_MAX = 24, 120


class PointsCourseQuestion(Struct, frozen=True, forbid_unknown_fields=True):
    """A programme that need not be stored, and a customer.

    Each month one order of ``spend_minor`` is paid, in minor units of the worth's currency. It
    earns ``points`` for each whole ``every_amount`` of it (the promotion that gives points says so
    of real orders), times what the tier multiplies. The customer uses none.
    """

    document: PointsProgrammeDocument
    spend_minor: Price
    points: Count = 1
    every_amount: Amount = 100
    months: Annotated[int, Meta(ge=1, le=MONTHS_MAX)] = MONTHS_DEFAULT


class MonthOfPoints(Struct, frozen=True):
    """A month: the day of its order, and how the account stands just before the next one.

    ``earned`` by its order with ``earn_percent``, ``expired`` within it, ``balance`` can be used
    and is worth ``worth`` minor units, ``pending`` can be used later.
    """

    day: str
    earn_percent: int
    earned: int
    expired: int
    balance: int
    pending: int
    worth: int
    tier: str | None


class PointsCourse(Struct, frozen=True):
    """Month after month; amounts are in minor units of ``currency``."""

    currency: str
    months: list[MonthOfPoints]


class _Lot(NamedTuple):
    """The points of one order; ``paid_us`` is its time, ``points`` what it earned."""

    paid_us: int
    available_us: int
    expires_us: int
    points: int


def course(asked: PointsCourseQuestion, zone: str, now_us: int) -> PointsCourse:
    """Return the course of one customer whose first order is paid today at noon in ``zone``.

    Raises InvalidInput with the paths of a programme that cannot stand.
    """
    try:
        check_points_programme(asked.document)
    except InvalidInput as error:
        fields = [FieldError(f"document.{one.path}", one.message) for one in error.fields]
        raise InvalidInput(*fields) from None
    account = _Account(Programme("course", asked.document, zone), asked)
    days = _days(business_day(now_us, zone), asked.months + 1)
    months = [
        account.month(day, _noon(day, zone), _noon(following, zone))
        for day, following in pairwise(days)
    ]
    return PointsCourse(asked.document.worth.currency, months)


class _Account:
    """An account that only earns."""

    def __init__(self, programme: Programme, asked: PointsCourseQuestion) -> None:
        self._programme, self._asked = programme, asked
        self._lots: list[_Lot] = []

    def month(self, day: str, paid_us: int, until_us: int) -> MonthOfPoints:
        """Pay the order of a month, and return how the account stands at ``until_us``."""
        percent = self._programme.earn_percent(self._score(paid_us))
        asked = self._asked
        earned = asked.spend_minor // asked.every_amount * asked.points * percent // 100
        available_us, expires_us = (
            self._programme.available_us(paid_us),
            self._programme.expires_us(paid_us),
        )
        self._lots.append(_Lot(paid_us, available_us, expires_us, earned))
        tier = self._programme.tier(self._score(until_us))
        balance = self._sum(lambda lot: lot.available_us <= until_us < lot.expires_us)
        return MonthOfPoints(
            day,
            percent,
            earned,
            self._sum(lambda lot: paid_us < lot.expires_us <= until_us),
            balance,
            self._sum(lambda lot: lot.available_us > until_us),
            self._programme.worth(balance),
            None if tier is None else tier.name,
        )

    def _score(self, at_us: int) -> int:
        since_us = self._programme.window_start_us(at_us)
        counted = [lot for lot in self._lots if lot.paid_us >= since_us]
        if self._programme.document.tier_by == "spend":
            return len(counted) * self._asked.spend_minor
        return sum(lot.points for lot in counted)

    def _sum(self, of: Callable[[_Lot], bool]) -> int:
        return sum(lot.points for lot in self._lots if of(lot))


def _days(first: str, count: int) -> list[str]:
    start = date.fromisoformat(first)
    return [months_later(start, number).isoformat() for number in range(count)]


def _noon(day: str, zone: str) -> int:
    return day_start_us(day, zone) + NOON_US
