"""Replays AuctionNet market days: a strategy bids for each advertiser, and is scored.

AuctionNet (Su et al., NeurIPS 2024 datasets and benchmarks, section 3) sells impressions by
second price in 48 ticks a day. Here the other bidders are fixed: each impression has its least
winning cost, which is the bid that wins it and the price that is paid.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from time import thread_time

import numpy as np

from queqiao.decide.ads.bidding.contracts import (
    Budget,
    Floats,
    History,
    Outcome,
    Strategy,
    Target,
    Values,
)
from queqiao.decide.ads.simulation.episodes import Episode

PENALTY_POWER = 2
"""How hard a cost per conversion above the target is punished: the paper's beta."""


@dataclass(frozen=True)
class Day:
    """What came of one advertiser's day. ``oracle`` is the best score in hindsight.

    ``spend_rmse`` is the root mean square of cumulative spend against cumulative traffic, both
    as shares, over the ticks. ``tick_us`` is the mean CPU time of one answer of the strategy.
    """

    episode: str
    advertiser: int
    budget: float
    target: float
    cost: float
    conversions: float
    score: float
    oracle: float
    spend_rmse: float
    tick_us: float

    @property
    def cost_per_conversion(self) -> float:
        """What a conversion cost; infinity when money brought none, 0 when none was spent."""
        if self.conversions > 0:
            return self.cost / self.conversions
        return np.inf if self.cost > 0 else 0.0

    @property
    def violates(self) -> bool:
        """Whether a conversion cost more than the target."""
        return self.cost_per_conversion > self.target


def score(conversions: float, cost: float, target: float) -> float:
    """Return conversions, less the penalty of a cost per conversion above the target.

    ``conversions · min(1, (target ÷ real)²)``: the score of the NeurIPS 2024 competition "Auto
    bidding in large-scale auctions" and of AuctionNet's section 5.
    """
    if conversions <= 0 or cost <= 0:
        return max(conversions, 0.0)
    return float(conversions * min(1.0, (target * conversions / cost) ** PENALTY_POWER))


def hindsight(expected: Floats, market: Floats, budget: float, target: float) -> float:
    """Return the best score of one who knows the market: rows by value for money, best prefix."""
    order = np.argsort(-expected / market, kind="stable")
    cost, gain = np.cumsum(market[order]), np.cumsum(expected[order])
    affordable = int(np.searchsorted(cost, budget, side="right"))
    if not affordable:
        return 0.0
    cost, gain = cost[:affordable], gain[:affordable]
    penalty = np.minimum(1.0, (target * gain / cost) ** PENALTY_POWER)
    return float((gain * penalty).max())


def replay(
    episode: Episode, advertiser: int, strategy: Strategy, generator: np.random.Generator
) -> Day:
    """Let a strategy bid through an advertiser's day. The generator drops what is not affordable.

    The strategy sees of a tick only its own values, and of earlier ticks everything.
    """
    history = History()
    budget, target = float(episode.budgets[advertiser]), float(episode.targets[advertiser])
    left, took_s = budget, 0.0
    for tick in range(episode.ticks):
        values = episode.values(tick, advertiser)
        begun = thread_time()
        bids = strategy.bids(tick, values, history, Budget(budget, left), Target.cpa(target))
        took_s += thread_time() - begun
        outcome = settle(values, bids, episode.market[episode.rows(tick)], left, generator)
        left = max(0.0, left - outcome.cost)
        history = history.after(outcome)
    return _day(episode, advertiser, history, took_s)


def replay_all(episodes: list[Episode], strategy: Strategy, seed: int) -> Iterator[Day]:
    """Replay each advertiser of each episode. One seed gives the same days again."""
    for number, episode in enumerate(episodes):
        for advertiser in range(episode.advertisers):
            chance = np.random.default_rng([seed, number, advertiser])
            yield replay(episode, advertiser, strategy, chance)


def settle(
    values: Values, bids: Floats, market: Floats, left: float, generator: np.random.Generator
) -> Outcome:
    """Return what came of bids: a win costs the market's price, and wins never exceed ``left``.

    Where they would, wins are dropped at random in proportion to the excess until they fit.
    """
    won = bids >= market
    while (cost := float(np.where(won, market, 0.0).sum())) > left:
        rows = np.flatnonzero(won)
        dropped = max(1, int(np.ceil(len(rows) * ((cost - left) / cost))))
        won[generator.choice(rows, dropped, replace=False)] = False
    costs, gained = np.where(won, market, 0.0), np.where(won, values.expected, 0.0)
    return Outcome(values, bids, won, costs, gained, market)


def _day(episode: Episode, advertiser: int, history: History, took_s: float) -> Day:
    budget, target = float(episode.budgets[advertiser]), float(episode.targets[advertiser])
    spends = np.array([outcome.cost for outcome in history])
    cost, gain = float(spends.sum()), sum(outcome.gain for outcome in history)
    planned = episode.begins[1:] / episode.begins[-1]
    return Day(
        episode.name,
        advertiser,
        budget,
        target,
        cost,
        gain,
        score(gain, cost, target),
        hindsight(episode.expected[:, advertiser], episode.market, budget, target),
        float(np.sqrt(np.mean((np.cumsum(spends) / budget - planned) ** 2))),
        took_s / episode.ticks * 1e6,
    )


@dataclass(frozen=True)
class Summary:
    """What came of all days together."""

    days: int
    score: float
    oracle: float
    ratio: float
    violators: float
    spent: float
    spend_rmse: float
    tick_us: float


def summary(days: list[Day]) -> Summary:
    """Return the figures over all advertisers and episodes. Needs at least one day."""
    total, oracle = sum(day.score for day in days), sum(day.oracle for day in days)
    return Summary(
        len(days),
        total,
        oracle,
        total / oracle if oracle else 0.0,
        float(np.mean([day.violates for day in days])),
        sum(day.cost for day in days) / sum(day.budget for day in days),
        float(np.mean([day.spend_rmse for day in days])),
        float(np.mean([day.tick_us for day in days])),
    )
