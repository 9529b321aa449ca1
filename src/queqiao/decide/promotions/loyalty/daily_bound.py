"""How many points one operator gives in a day without a second person: counted in the ledger.

points-given:{day}:{person}   its limit is the bound; a key counts for the person who made it
money-given:{day}:{person}    the same of store credit, in minor units
"""

from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy import Connection

from queqiao.decide.promotions.documents.points_programme import Holds
from queqiao.kernel.clock import DEFAULT_ZONE, business_day
from queqiao.kernel.errors import FieldError, Message
from queqiao.kernel.errors import Refused as RefusedError
from queqiao.ports.ledger.base import Granted, Ledger, Take

POINTS_DAILY, CREDIT_DAILY_MINOR = 200_000, 100_000
"""The bounds where the settings name none: a thousand yuan, twice that where 100 points are one."""


def themselves(_conn: Connection, actor_id: str) -> str:
    """Return an actor as the person: where keys have no makers."""
    return actor_id


class Given(NamedTuple):
    """What a person gives: points or minor units, once under ``key``."""

    person: str
    holds: Holds
    amount: int
    key: str


class DailyBound(NamedTuple):
    """The bound of a shop: ``points``, and ``money`` in minor units, a business day of ``zone``.

    ``person_of`` says who stands behind an actor, so that a second key gives no second bound.
    """

    points: int = POINTS_DAILY
    money: int = CREDIT_DAILY_MINOR
    zone: str = DEFAULT_ZONE
    person_of: Callable[[Connection, str], str] = themselves

    async def take(self, ledger: Ledger, given: Given, now_us: int) -> None:
        """Count what a person gives, once under the key of a day.

        Raises Refused, ``approval_needed``: more than is left of the day; then nothing is counted.
        """
        day, most = business_day(now_us, self.zone), self._most(given.holds)
        counter = f"{given.holds}-given:{day}:{given.person}"
        step = f"{given.holds}-given:{given.key}:{day}:{most}"
        found = await ledger.spend(step, [Take(counter, given.amount, most)], now_us)
        if not isinstance(found, Granted):
            raise _refused(most, found.free)

    def _most(self, holds: Holds) -> int:
        return self.points if holds == "points" else self.money


def _refused(most: int, left: int) -> RefusedError:
    error = RefusedError(_NEEDED, reason="approval_needed")
    message = Message(
        f"每人每天最多发 {most}，今天还剩 {left}",
        f"a person gives at most {most} a day; {left} are left today",
    )
    error.fields = (FieldError("points", message),)
    return error


_NEEDED = Message(
    "超出今天的额度，需要他人批准：请发起审批 (POST …/adjustments/approval)",
    "above the day's bound, another person must allow it: ask (POST …/adjustments/approval)",
)
