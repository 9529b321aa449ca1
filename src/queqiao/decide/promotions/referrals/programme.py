"""A referral programme at work: when it runs, and which days and months count."""

from typing import NamedTuple

from queqiao.decide.promotions.documents.referral_programme import ReferralProgrammeDocument
from queqiao.decide.promotions.offers import FOREVER_US
from queqiao.decide.promotions.referrals.checks import CODE
from queqiao.kernel.clock import DAY_US, DEFAULT_ZONE, business_day, parse_rfc3339


class ReferralProgramme(NamedTuple):
    """One programme by its id; ``zone`` is that of the shop's days."""

    id: str
    document: ReferralProgrammeDocument
    zone: str = DEFAULT_ZONE

    def runs(self, now_us: int) -> bool:
        """Say whether newcomers can come by it now."""
        starts, ends = self.document.starts_at, self.document.ends_at
        starts_us = 0 if starts is None else parse_rfc3339(starts)
        ends_us = FOREVER_US if ends is None else parse_rfc3339(ends)
        return starts_us <= now_us < ends_us

    def accept_until_us(self, now_us: int) -> int:
        """Return until when the first order of a newcomer of now counts."""
        return now_us + self.document.accept_days * DAY_US

    def due_us(self, paid_us: int) -> int:
        """Return when the reward of an order of that time is due."""
        return paid_us + self.document.return_days * DAY_US

    def is_kept(self, paid_minor: int | None) -> bool:
        """Say whether an order is worth a reward of which so much was paid and not refunded.

        None: nobody said what it cost, and it was not cancelled.
        """
        at_least = self.document.order_at_least
        if paid_minor is None:
            return at_least is None
        return paid_minor >= (at_least or 1)

    def day(self, now_us: int) -> str:
        """Return the business day of a moment."""
        return business_day(now_us, self.zone)

    def month(self, now_us: int) -> str:
        """Return the month of the shop's calendar, ``2026-06``."""
        return self.day(now_us)[:7]

    def link(self, code: str) -> str | None:
        """Return where a member's link leads; None where the programme names none."""
        return self.document.link.replace(CODE, code) or None
