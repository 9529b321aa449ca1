"""From what is known of a campaign's day to what it bids now: pure, one campaign at a time.

The day is told to the strategy as the simulators tell it: ticks of impressions with their values,
bids, wins and costs. Where there are many impressions one row stands for a block of them, worth and
costing as much. What an impression costs is expected when it is shown: where clicks are billed,
their money comes later, and a pacer that waited for it would show too many ads meanwhile.
"""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from queqiao.decide.ads.auction import Pricing
from queqiao.decide.ads.bidding.contracts import Budget, History, Outcome, Values
from queqiao.decide.ads.bidding.throttled import Throttled
from queqiao.decide.ads.pacing.control import UNIT
from queqiao.decide.ads.pacing.day import planned
from queqiao.decide.ads.pacing.document import BidStrategy
from queqiao.decide.ads.pacing.strategies import made, name_of, target_of, value_of_a_click
from queqiao.decide.ads.pacing.supply import Taken
from queqiao.decide.ads.pacing.worth import Worth
from queqiao.decide.ads.prices import PER

ROWS_MAX = 400
"""At most so many rows a tick: a block has the more impressions."""

FIRST_SHARE = 0.2
"""What share of auctions is taken part in while nothing is known of how many there are."""

BUSY_TICKS = 6
"""So many ticks tell how busy today is beside a usual day."""

KNOWN_NOTICES = 3
"""So many clicks tell as much of what clicks cost in all as what was expected."""


class Tick(Struct, frozen=True):
    """What happened in one tick, and what was set for it."""

    auctions: int
    taken: Taken
    bid_minor: int
    probability_ppm: int


class Situation(Struct, frozen=True):
    """All that is known of a campaign when a tick begins.

    ``traffic`` is the auctions expected in each tick of the day, ``ticks`` what those before this
    one had, ``usual_prices`` what ads in its places cost on past days. ``share_settled`` is the
    part of each past tick's cost that has probably come by now.
    """

    strategy: BidStrategy
    pricing: Pricing
    bid_minor: int
    budget_minor: int
    spent_minor: int
    tick: int
    traffic: tuple[float, ...]
    ticks: tuple[Tick, ...]
    usual_prices: tuple[int, ...]
    worth: Worth
    share_settled: tuple[float, ...] = ()


class Steered(Struct, frozen=True):
    """What to bid from now on, of how many auctions; what is expected to be spent and is not."""

    bid_minor: int
    probability_ppm: int
    multiplier_ppm: int
    expected_minor: int


def steer(known: Situation) -> Steered:
    """Return what a campaign bids in the tick that begins."""
    name = name_of(known.strategy)
    if name is None:
        return Steered(known.bid_minor, UNIT, UNIT, 0)
    view = _View(known)
    left = max(0.0, known.budget_minor - known.spent_minor - view.coming_minor)
    budget = Budget(float(known.budget_minor), left)
    values, target = view.values(), target_of(known.strategy)
    if known.budget_minor - known.spent_minor < view.cheapest:
        return view.told(0, 0.0)
    if not len(values):
        return view.first()
    if name == "throttled":
        throttled = Throttled(view.plan, view.for_a_value(known.bid_minor))
        share = throttled.share(known.tick, values, view.history, budget)
        return view.told(known.bid_minor, share)
    strategy = made(name, known.traffic, view.usual_cost)
    bids = strategy.bids(known.tick, values, view.history, budget, target)
    wanted_minor = float(bids[0]) / view.of_bid
    bid_minor = min(known.bid_minor, int(np.ceil(wanted_minor - 1e-6)))
    share = 1.0
    if name == "steady" and bid_minor > 0:
        # A bid is whole, and prices may stand at one point: what is too much is not taken part in.
        throttled = Throttled(view.plan, view.for_a_value(bid_minor))
        share = throttled.share(known.tick, values, view.history, budget)
    return view.told(bid_minor, share)


class _View:
    """A situation as strategies see it.

    ``of_bid`` and ``of_price`` are what a bid and a price of 1 come to for a block of impressions.
    """

    def __init__(self, known: Situation) -> None:
        self._known = known
        self.plan = planned(known.traffic)
        busiest = max([each.auctions for each in known.ticks] + [self._coming()])
        self.block = max(1.0, busiest / ROWS_MAX)
        self.of_bid = known.worth.bid(known.pricing) * self.block
        self.of_price = known.worth.cost(known.pricing) * self.block
        self._of_click = known.worth.clicks_of_an_ad * self.block
        self._value = value_of_a_click(known.strategy, known.worth) * self._of_click
        self.usual_cost = _mean(known.usual_prices) * self._of_click
        self._expected = [
            _mean(tick.taken.prices) * tick.taken.ads * self.of_price / self.block
            for tick in known.ticks
        ]
        self._real = self._calibration()
        self.coming_minor = self._still_coming()
        self.history = History((*self._seed(), *map(self._outcome, known.ticks)))

    @property
    def cheapest(self) -> float:
        """What one more notice costs at least, as far as is known."""
        paid = [min(tick.taken.prices) for tick in self._known.ticks if tick.taken.prices]
        return min(paid, default=1) / PER[self._known.pricing]

    def values(self) -> Values:
        """Return the impressions that the tick is expected to have."""
        rows = round(self._coming() / self.block)
        return self._worth_of(rows)

    def first(self) -> Steered:
        """Return what is bid where nothing is known of supply: carefully, to learn of it."""
        is_manual = not self._known.strategy.is_automatic
        bid_minor = self._known.bid_minor if is_manual else -(-self._known.bid_minor // 2)
        return self.told(bid_minor, FIRST_SHARE)

    def told(self, bid_minor: int, share: float) -> Steered:
        """Return it as it is set: a bid of nothing takes part in nothing."""
        probability_ppm = round(max(0.0, min(1.0, share)) * UNIT) if bid_minor > 0 else 0
        # Rounded up, so that the whole bid comes out again where it is multiplied.
        most = self._known.bid_minor
        multiplier_ppm = min(UNIT, -(-bid_minor * UNIT // most)) if most else 0
        return Steered(bid_minor, probability_ppm, multiplier_ppm, round(self.coming_minor))

    def _coming(self) -> float:
        """Return the auctions that the tick is expected to have: usual ones, as busy as today."""
        known = self._known
        usual = known.traffic[known.tick] if known.tick < len(known.traffic) else 0.0
        recent = known.ticks[-BUSY_TICKS:]
        first = known.tick - len(recent)
        expected = sum(known.traffic[max(0, first) : known.tick])
        seen = sum(tick.auctions for tick in recent)
        return usual * seen / expected if recent and expected > 0 else usual

    def _calibration(self) -> float:
        """Return what is spent of what was expected; near 1 while little is known.

        Conversions come so late that the day tells nothing of them.
        """
        if self._known.pricing == "cpa":
            return 1.0
        settled = sum(
            cost * share for cost, share in zip(self._expected, self._shares(), strict=True)
        )
        prices = [_mean(tick.taken.prices) for tick in self._known.ticks if tick.taken.ads]
        one = sum(prices) / len(prices) if prices else 1.0
        weight = KNOWN_NOTICES * max(one, 1.0) / PER[self._known.pricing]
        return (self._known.spent_minor + weight) / (settled + weight)

    def _still_coming(self) -> float:
        """Return what ads that were shown will probably still cost."""
        if self._known.pricing == "cpa":
            return max(0.0, sum(self._expected) - self._known.spent_minor)
        return sum(
            cost * self._real * (1.0 - share)
            for cost, share in zip(self._expected, self._shares(), strict=True)
        )

    def for_a_value(self, bid_minor: int) -> float:
        """Return what a bid comes to for a unit of value."""
        return bid_minor * self.of_bid / self._value

    def _shares(self) -> Sequence[float]:
        told = self._known.share_settled
        return told if len(told) == len(self._known.ticks) else [1.0] * len(self._known.ticks)

    def _worth_of(self, rows: int) -> Values:
        return Values.certain(np.full(rows, self._value))

    def _seed(self) -> list[Outcome]:
        """Return a tick of past days' prices, as somebody saw it who did not win."""
        prices = self._known.usual_prices
        if not prices:
            return []
        market = np.array(prices) * self._of_click
        none = np.zeros(len(prices))
        return [Outcome(self._worth_of(len(prices)), market, none > 0, none, none, market)]

    def _outcome(self, tick: Tick) -> Outcome:
        rows = max(round(tick.auctions / self.block), 1 if tick.taken.ads else 0)
        asked = round(rows * tick.probability_ppm / UNIT)
        won = min(rows, max(round(tick.taken.ads / self.block), 1 if tick.taken.ads else 0))
        values, at = self._worth_of(rows), np.arange(rows)
        parts = (np.arange(won) + 0.5) / max(won, 1)
        prices = np.quantile(np.array(tick.taken.prices or (0,)), parts) * self.of_price
        market = np.full(rows, np.nan)
        market[:won] = prices
        costs, is_won = np.zeros(rows), at < won
        costs[:won] = prices * self._real
        bids = np.where(at < max(asked, won), tick.bid_minor * self.of_bid, 0.0)
        gained = np.where(is_won, values.expected, 0.0)
        return Outcome(values, bids, is_won, costs, gained, market)


def _mean(prices: Sequence[int]) -> float:
    return sum(prices) / len(prices) if prices else 0.0
