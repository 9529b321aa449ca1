"""A points programme at work: when points can be used, when they are lost, which tier one has."""

from calendar import monthrange
from datetime import date, timedelta
from typing import NamedTuple

from queqiao.decide.promotions.documents.points_programme import MemberTier, PointsProgrammeDocument
from queqiao.decide.promotions.offers import FOREVER_US
from queqiao.kernel.clock import DAY_US, DEFAULT_ZONE, SECOND_US, business_day, day_start_us

_ONE_DAY = timedelta(days=1)


class Programme(NamedTuple):
    """One programme by its id; ``zone`` is that of the shop's days.

    One that is paused is not live: its accounts rest, and nobody uses points.
    """

    id: str
    document: PointsProgrammeDocument
    zone: str = DEFAULT_ZONE
    is_live: bool = True

    def available_us(self, earned_us: int) -> int:
        """Return from when on points can be used that are earned now: whole seconds, or now."""
        days = self.document.available_after_days
        return earned_us if not days else whole_second(earned_us + days * DAY_US)

    def expires_us(self, earned_us: int) -> int:
        """Return when points are lost that are earned now: a midnight, or FOREVER_US.

        Points are never lost before they can be used.
        """
        document = self.document
        if document.expires == "never":
            return FOREVER_US
        day = date.fromisoformat(business_day(earned_us, self.zone))
        if document.expires == "months":
            last = months_later(day, document.expires_after)
        else:
            last = date(day.year + document.expires_after, 12, 31)
        ends_us = day_start_us((last + _ONE_DAY).isoformat(), self.zone)
        return max(ends_us, self.available_us(earned_us))

    def window_start_us(self, now_us: int) -> int:
        """Return from when on orders count for the tier."""
        day = date.fromisoformat(business_day(now_us, self.zone))
        months = -self.document.tier_months
        return day_start_us(months_later(day, months).isoformat(), self.zone)

    def counts_until_us(self, at_us: int) -> int:
        """Return the midnight after which an order of a moment counts no more for the tier."""
        day = date.fromisoformat(business_day(at_us, self.zone))
        after = months_later(day, self.document.tier_months) + _ONE_DAY
        while self.window_start_us(day_start_us(after.isoformat(), self.zone)) <= at_us:
            after += _ONE_DAY  # a month before 29, 30 and 31 March is 28 February each time
        return day_start_us(after.isoformat(), self.zone)

    def tier(self, score: int) -> MemberTier | None:
        """Return the highest tier that a score reaches; None below the lowest."""
        reached = [tier for tier in self.document.tiers if tier.at_least <= score]
        return reached[-1] if reached else None

    def next_tier(self, score: int) -> MemberTier | None:
        """Return the lowest tier that a score does not reach; None at the top."""
        return next((tier for tier in self.document.tiers if tier.at_least > score), None)

    def earn_percent(self, score: int) -> int:
        """Return which share of the points a customer of a score earns, in percent."""
        tier = self.tier(score)
        return 100 if tier is None else tier.earn_percent

    def worth(self, points: int) -> int:
        """Return what points are worth in minor units of the worth's currency, rounded down."""
        return points * self.document.worth.amount // self.document.worth.points


def whole_second(us: int) -> int:
    """Return the first whole second that is not before a moment."""
    return -(-us // SECOND_US) * SECOND_US


def months_later(day: date, months: int) -> date:
    """Return the same day some months later, or the last of a month that is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
