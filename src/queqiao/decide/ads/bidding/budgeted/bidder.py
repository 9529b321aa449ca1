"""The bidder: knows a campaign's market from its past, plans a day, bids the money's worth."""

from dataclasses import dataclass, field, replace
from statistics import NormalDist

import numpy as np

from queqiao.decide.ads.bidding.budgeted.plan import Excess, Plan
from queqiao.decide.ads.bidding.budgeted.prices import Prices
from queqiao.decide.ads.bidding.budgeted.worth import Prior, Wins, Worth, learned
from queqiao.decide.ads.bidding.contracts import Budget, Floats, History, Target, Values

SEEN_MAX = 10_000
RECENT = 1_000
"""Predictions of the last day weigh as much as all that are remembered before it."""
WINS_MAX = 50_000
LIFT_MIN = 1e-6
AT_FIRST = 50


def _at_first() -> Floats:
    """Return lifts of mean 1 for a campaign that has seen nothing: log-normal, deviation 1."""
    shares = (np.arange(AT_FIRST) + 0.5) / AT_FIRST
    return np.array([NormalDist(-0.5, 1.0).inv_cdf(share) for share in shares])


@dataclass(frozen=True)
class Exchange:
    """What a campaign pays in one exchange, and the mean of its predictions there.

    ``price_max`` is the highest bid. ``mean`` is what an impression brings on average, in the unit
    of the predictions; it only sets their scale.
    """

    prices: Prices
    mean: float
    price_max: int

    def lifts(self, expected: Floats) -> Floats:
        """Return the logarithms of predictions divided by their mean."""
        return np.log(np.maximum(expected / self.mean, LIFT_MIN))


@dataclass(frozen=True)
class Budgeted:
    """Bids the highest price at which an impression brings more than its money would later.

    Whole numbers. ``auctions`` come in the day, one a tick; where a tick has more, each is bid for
    as if it were the tick's last.
    """

    auctions: int
    exchange: Exchange
    worth: Worth
    plan: Plan
    qualities: Floats
    """By price from 0 to ``price_max``."""

    def bids(
        self,
        tick: int,
        values: Values,
        history: History,  # noqa: ARG002
        budget: Budget,
        target: Target,  # noqa: ARG002
    ) -> Floats:
        """Return the bids of the tick. A target is not looked at."""
        most = min(self.exchange.price_max, int(budget.left))
        coming = max(0, self.auctions - tick - len(values))
        costs = self.plan.costs(coming, budget.left, np.arange(max(most, 0) + 1.0))
        needed = costs / self.qualities[: len(costs)]
        gains = self.worth.of_lift(self.exchange.lifts(values.expected))
        rising = np.maximum.accumulate(needed)
        return np.searchsorted(rising, gains, side="right").astype(np.float64) - 1.0


@dataclass(frozen=True)
class Knowledge:
    """What a campaign knows of its market: prices from before, the rest from its own days.

    It never sees the price of an auction that it lost.
    """

    exchange: Exchange
    prior: Prior = field(default_factory=Prior)
    worth: Worth = field(default_factory=Worth)
    seen: Floats = field(default_factory=_at_first)
    wins: Wins = field(default_factory=Wins)

    def strategy(self, auctions: int, budget: float) -> Budgeted:
        """Return what bids through a day."""
        typical, prices = self.exchange.prices.typical, self.exchange.prices
        samples = self.worth.of_lift(self.seen)
        excess = Excess.of(samples, _weights(len(samples)))
        quality = self.worth.of_price(prices.points, typical)
        plan = Plan.solve(auctions, budget, prices, quality, excess)
        every = self.worth.of_price(np.arange(self.exchange.price_max + 1.0), typical)
        return Budgeted(auctions, self.exchange, self.worth, plan, every)

    def after(self, history: History) -> "Knowledge":
        """Return what is known after a day."""
        outcomes = list(history)
        if not outcomes:
            return self
        lifts = self.exchange.lifts(np.concatenate([o.values.expected for o in outcomes]))
        won = np.concatenate([o.won for o in outcomes])
        costs = np.concatenate([o.costs for o in outcomes])[won]
        gains = np.concatenate([o.gained for o in outcomes])[won]
        prices = np.log(np.maximum(costs, 1.0) / self.exchange.prices.typical)
        wins = self.wins.after(lifts[won], prices, gains, WINS_MAX)
        seen = np.concatenate((self.seen, lifts))[-SEEN_MAX:]
        return replace(self, worth=learned(wins, self.prior), seen=seen, wins=wins)


def _weights(count: int) -> Floats:
    """Return weights of which half is on the last day and half on all."""
    weights = np.full(count, 0.5 / count)
    weights[-RECENT:] += 0.5 / min(count, RECENT)
    return weights
