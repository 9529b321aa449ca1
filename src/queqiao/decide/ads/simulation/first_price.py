"""Replays iPinYou logs as if the winner paid his own bid: what shading saves.

The bidder, its budget and what it knows are those of ``ipinyou``; its bid, which is the highest
price at which an impression still pays, is what is shaded. To shade well, its plan must reckon
with bids that are paid (``bidder``). An impression is worth what a click cost
in training times its predicted rate, and never more than the highest bid, since a few predictions
are out of all proportion and would decide the sum alone.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from queqiao.decide.ads.bidding.budgeted.bidder import Exchange, Knowledge
from queqiao.decide.ads.bidding.budgeted.prices import Prices
from queqiao.decide.ads.bidding.contracts import Budget, Floats, History, Outcome, Strategy, Values
from queqiao.decide.ads.bidding.learners import Learner
from queqiao.decide.ads.bidding.shading import Shading
from queqiao.decide.ads.simulation.ipinyou import UNBOUND, episode_budget
from queqiao.decide.ads.simulation.ipinyou_logs import PRICE_MAX, Log

Shade = Callable[[float], float]
"""What is bid instead of a bid."""
Notice = Callable[[float, bool, float], None]
"""What hears of a bid, whether it won, and the least that would have."""


@dataclass(frozen=True)
class Surplus:
    """What came of a log: worth of what was won, what was paid, and wins."""

    worth: float
    cost: int
    won: int

    @property
    def surplus(self) -> float:
        """Worth less cost."""
        return self.worth - self.cost


def unshaded(bid: float) -> float:
    """Return the bid as it is."""
    return bid


def unheard(bid: float, won: bool, minimum: float) -> None:
    """Learn nothing."""


@dataclass(frozen=True)
class Way:
    """A way to bid where the winner pays his bid."""

    shade: Shade = unshaded
    notice: Notice = unheard


def shaded(shading: Shading, chance: np.random.Generator, told: bool) -> Way:
    """Return how to shade and to learn. ``told``: whether notices tell the minimum bid to win."""

    def shade(bid: float) -> float:
        return float(int(shading.price(bid, 1.0 if told else chance.random()) + 1e-9))

    def notice(bid: float, won: bool, minimum: float) -> None:
        shading.notice(bid, won, minimum if told else None)

    return Way(shade, notice)


def fresh(log: Log) -> Shading:
    """Return what knows nothing but the prices of the training log, and those not firmly."""
    prices = Prices.of_counts(log.training.price_counts)
    return Shading(1.0, float(PRICE_MAX), prices.chances)


def bidder(log: Log) -> Knowledge:
    """Return the bidder of ``ipinyou`` whose plan pays its bids."""
    prices = Prices.of_counts(log.training.price_counts).paid_as_bid()
    return Knowledge(Exchange(prices, log.training.click_rate, PRICE_MAX))


def replay(log: Log, learner: Learner, way: Way) -> Surplus:
    """Let a bidder go through the log. Of its wins it learns nothing, of predictions it does."""
    worth = np.minimum(log.expected * log.training.cost_per_click, PRICE_MAX)
    total = np.zeros(3)
    for episode in range(log.episodes):
        strategy = learner.strategy(log.episode_auctions, episode_budget(log))
        total += _episode(log, episode, strategy, worth, way)
        learner = learner.after(_seen(log.expected[log.rows(episode)]))
    return Surplus(float(total[0]), int(total[1]), int(total[2]))


def _episode(
    log: Log, episode: int, strategy: Strategy, worth: Floats, way: Way
) -> tuple[float, int, int]:
    budget = left = episode_budget(log)
    rows, gained, wins = log.rows(episode), 0.0, 0
    for tick, row in enumerate(range(rows.start, rows.stop)):
        values = Values.certain(log.expected[row : row + 1])
        most = strategy.bids(tick, values, History(), Budget(budget, left), UNBOUND)
        bid, price = way.shade(float(most[0])), float(log.prices[row])
        if bid <= 0:
            continue
        won = price <= bid <= left
        way.notice(bid, won, price)
        if won:
            left, gained, wins = left - int(bid), gained + float(worth[row]), wins + 1
    return gained, budget - left, wins


def _seen(expected: Floats) -> History:
    none = np.zeros(len(expected))
    lost = Outcome(Values.certain(expected), none, none > 0, none, none, none)
    return History((lost,))
