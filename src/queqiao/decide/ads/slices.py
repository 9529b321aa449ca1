"""What one worker holds of one campaign's day: slices of the ledger, promised ad by ad.

Pure: no ledger, no clock. A slice is one reservation of the ledger. The worker promises the price
of each ad from it in memory; who settles the ad's notice takes that part out of the reservation.
For ``USE_US`` a slice may promise; then what it did not promise is given back, and what it promised
lasts ``LEASE_US`` more, so that each promise holds at least so long. When a worker dies, its slices
end by themselves then; until then they pay for the notices of its ads.

A slice is as large as what was promised in the last ``AHEAD_US``: so a campaign that shows an ad
now and then holds the price of one, and one under a burst doubles what it holds until it keeps up.
It is at most ``1 / SHARE`` of the day, and near the end half of what is free, so that several
workers come to the end together and nothing is stranded.
"""

from collections import deque
from typing import NamedTuple

from queqiao.decide.ads.wallets.account import Account
from queqiao.kernel.clock import MINUTE_US, SECOND_US

LEASE_US = 10 * MINUTE_US
"""How long an ad's notice finds its money, at least.

It is short because most ads are never clicked: at a click rate of 1 %, leases of half an hour would
let a campaign spend at most half of its budget in a day.
"""

USE_US = 30 * SECOND_US
"""How long a slice may promise."""

AHEAD_US = 20 * SECOND_US
"""A slice is to last so long."""

SHARE = 100
"""A slice is at most the day's budget divided by this, or one price."""


TWICE = 2
"""So often the ledger was asked where there is a rate at all."""


class Promise(NamedTuple):
    """What a deal may cost in all, whatever its days bring: a counter of its own, and its limit."""

    counter: str
    most_minor: int


class Terms(NamedTuple):
    """By what a slice is bound: the budget of the day, of all days if any, and who pays.

    ``promise`` is that of a booked deal.
    """

    daily_minor: int
    total_minor: int | None = None
    account: Account | None = None
    promise: Promise | None = None


class Slice:
    """One reservation: its key in the ledger, and what of it is not promised yet."""

    __slots__ = ("counters", "key", "left_minor", "until_us")

    def __init__(
        self, key: str, counters: tuple[str, ...], amount_minor: int, until_us: int
    ) -> None:
        self.key = key
        self.counters = counters
        self.left_minor = amount_minor
        self.until_us = until_us


class Purse:
    """The slices of one campaign's day, the newest last, and how quickly they are promised."""

    def __init__(self, terms: "Terms", now_us: int) -> None:
        self.terms = terms
        self.asked = 0
        """How often the ledger was asked. After the first time it is asked ahead."""
        self.waiting_minor = 0
        """The prices of ads that wait for the next slice."""
        self.spare: list[Slice] = []
        """Slices that promise no more, whose rest is to be given back."""
        self._slices: deque[Slice] = deque()
        self._since_us = now_us
        self._now_minor = 0
        self._before_minor = 0

    @property
    def daily_minor(self) -> int:
        """The budget of the day."""
        return self.terms.daily_minor

    def take(self, price_minor: int, now_us: int) -> Slice | None:
        """Promise a price; return the slice that holds it, None where none holds so much."""
        slices = self._slices
        while slices:
            first = slices[0]
            if now_us < first.until_us and price_minor <= first.left_minor:
                first.left_minor -= price_minor
                self._count(price_minor, now_us)
                return first
            self._retire(slices.popleft())
        return None

    def put(self, one: Slice) -> None:
        """Hold another slice."""
        self._slices.append(one)

    def wanted_minor(self, price_minor: int, now_us: int) -> int:
        """Return how much the next slice is to hold: at least a price."""
        wanted_minor = max(self._lately_minor(now_us), self.waiting_minor)
        return max(price_minor, min(wanted_minor, self.daily_minor // SHARE))

    def is_low(self, price_minor: int, now_us: int) -> bool:
        """Say whether the next slice is to be asked for ahead.

        Not where one price is more than a slice may be: it might never be promised.
        """
        most_minor = self.daily_minor // SHARE
        if self.asked < TWICE or price_minor > most_minor:
            return False
        left_minor = sum(each.left_minor for each in self._slices if now_us < each.until_us)
        return 2 * left_minor < min(self._lately_minor(now_us), most_minor)

    def retire(self, now_us: int) -> None:
        """Make spare what may promise no more."""
        while self._slices and now_us >= self._slices[0].until_us:
            self._retire(self._slices.popleft())

    def retire_all(self) -> None:
        """Make everything spare."""
        while self._slices:
            self._retire(self._slices.popleft())

    def is_idle(self, now_us: int) -> bool:
        """Say whether nothing is held and nothing was promised lately."""
        return not self._slices and not self.spare and not self._lately_minor(now_us)

    def _retire(self, one: Slice) -> None:
        if one.left_minor:
            self.spare.append(one)

    def _count(self, price_minor: int, now_us: int) -> None:
        self._turn(now_us)
        self._now_minor += price_minor

    def _turn(self, now_us: int) -> None:
        """Begin another window of ``AHEAD_US`` where the last one is over."""
        age_us = now_us - self._since_us
        if age_us < AHEAD_US:
            return
        self._before_minor = self._now_minor if age_us < 2 * AHEAD_US else 0
        self._now_minor = 0
        self._since_us = now_us - age_us % AHEAD_US

    def _lately_minor(self, now_us: int) -> int:
        """Return what was promised in the last ``AHEAD_US``, as even within a window."""
        self._turn(now_us)
        ahead_us = AHEAD_US - max(0, now_us - self._since_us)
        return self._now_minor + self._before_minor * ahead_us // AHEAD_US
