"""Replays iPinYou bidding logs: one auction after the other, by second price, within a budget.

The rules of Cai et al., "Real-Time Bidding by Reinforcement Learning in Display Advertising" (WSDM
2017), section 4: an episode of T auctions has the budget ``CPM ÷ 1,000 · c0 · T``, where CPM is
what the training log paid for a thousand impressions; bids are whole numbers from 0 to 300; a bid
at or above the market price wins and pays it; none is won at a price above what is left.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from queqiao.decide.ads.bidding import rlb
from queqiao.decide.ads.bidding.budgeted.bidder import Exchange, Knowledge
from queqiao.decide.ads.bidding.budgeted.prices import Prices
from queqiao.decide.ads.bidding.contracts import (
    Budget,
    Floats,
    History,
    Outcome,
    Strategy,
    Target,
    Values,
)
from queqiao.decide.ads.bidding.learners import Learner
from queqiao.decide.ads.bidding.linear import Linear
from queqiao.decide.ads.simulation.ipinyou_logs import PRICE_MAX, Log

BUDGET_SHARE = 1 / 32
"""c0: the share of all auctions that the money would buy at the usual price."""
GRID = 150
"""Multipliers that linear bidding is tuned over."""
UNBOUND = Target()


@dataclass(frozen=True)
class Replay:
    """What came of a campaign's log. ``budget`` is over all episodes; ``expected`` sums what
    was won by the predictions, or by what the replay was told to judge by."""

    campaign: str
    auctions: int
    episodes: int
    budget: int
    cost: int
    won: int
    clicks: int
    expected: float


def episode_budget(log: Log) -> int:
    """Return what one episode may spend."""
    share = log.training.cost_per_thousand / 1000 * BUDGET_SHARE
    return int(share * log.episode_auctions)


def replay(log: Log, learner: Learner, judged: Floats | None = None) -> Replay:
    """Let a bidder go through the log. It learns between episodes, of what it saw itself.

    ``judged`` is by auction what ``Replay.expected`` is to sum, instead of the predictions.
    """
    budget, total = episode_budget(log), np.zeros(4)
    judged = log.expected if judged is None else judged
    for episode in range(log.episodes):
        strategy = learner.strategy(log.episode_auctions, budget)
        day = _day(log, episode, strategy, budget)
        won = np.concatenate([outcome.won for outcome in day])
        cost, clicks = (sum(o.cost for o in day), sum(o.gain for o in day))
        total += cost, won.sum(), clicks, judged[log.rows(episode)] @ won
        learner = learner.after(day)
    return _replay(log, *total)


def _day(log: Log, episode: int, strategy: Strategy, budget: int) -> History:
    history, left = History(), budget
    rows = log.rows(episode)
    for tick, row in enumerate(range(rows.start, rows.stop)):
        values = Values.certain(log.expected[row : row + 1])
        bids = strategy.bids(tick, values, history, Budget(budget, left), UNBOUND)
        outcome = settle(log, row, values, bids, left)
        left -= int(outcome.costs[0])
        history = history.after(outcome)
    return history


def settle(log: Log, row: int, values: Values, bids: Floats, left: int) -> Outcome:
    """Return what came of a bid. The market's price is told only to the winner."""
    price = int(log.prices[row])
    won = min(PRICE_MAX, left) >= price and float(bids[0]) >= price
    cost, gain = (float(price), float(log.clicked[row])) if won else (0.0, 0.0)
    market = np.array([price if won else np.nan])
    return Outcome(values, bids, np.array([won]), np.array([cost]), np.array([gain]), market)


def _replay(log: Log, cost: float, won: float, clicks: float, expected: float) -> Replay:
    budget = episode_budget(log) * log.episodes
    counts = (int(cost), int(won), int(clicks))
    return Replay(log.name, len(log.prices), log.episodes, budget, *counts, float(expected))


def linear_in_hindsight(log: Log) -> tuple[float, Replay]:
    """Return the multiplier that wins most clicks on this very log, and what it brings.

    It is the best of a grid, which no bidder could know beforehand: a bar, not a strategy.
    """
    mean = log.expected.mean() or 1.0
    grid = np.geomspace(0.3, PRICE_MAX, GRID) / mean
    clicks, costs, wins, expected = np.sum(
        [_linear(log, episode, grid) for episode in range(log.episodes)], axis=0
    )
    best = int(np.lexsort((costs, -clicks))[0])
    brought = _replay(log, costs[best], wins[best], clicks[best], expected[best])
    return float(grid[best]), brought


def _linear(log: Log, episode: int, grid: Floats) -> Floats:
    """Return clicks, costs, wins and predictions won in an episode, each by multiplier."""
    left = np.full(len(grid), float(episode_budget(log)))
    total = np.zeros((4, len(grid)))
    rows = log.rows(episode)
    for row in range(rows.start, rows.stop):
        price = float(log.prices[row])
        bids = np.minimum(np.floor(grid * log.expected[row]), PRICE_MAX)
        won = np.minimum(bids, left) >= price
        left -= won * price
        total += np.outer((log.clicked[row], price, 1.0, log.expected[row]), won)
    return total


def budgeted(log: Log) -> Learner:
    """Return our bidder, who knows the training prices and click rate, and nothing of the log."""
    training = log.training
    prices = Prices.of_counts(training.price_counts)
    return Knowledge(Exchange(prices, training.click_rate, PRICE_MAX))


def by_average(log: Log) -> Learner:
    """Return RLB, with the same knowledge."""
    shares = log.training.price_counts / log.training.price_counts.sum()
    worth = rlb.solve(log.episode_auctions, episode_budget(log), shares, log.training.click_rate)
    return rlb.Rlb(worth, PRICE_MAX)


def at_cost_per_click(log: Log) -> Learner:
    """Return linear bidding at what a click cost in training: "Mcpc"."""
    return Linear(log.training.cost_per_click, PRICE_MAX)


def tuned(log: Log) -> Learner:
    """Return linear bidding, tuned in hindsight."""
    return Linear(linear_in_hindsight(log)[0], PRICE_MAX)


BIDDERS: Mapping[str, Callable[[Log], Learner]] = {
    "budgeted": budgeted,
    "rlb": by_average,
    "linear": tuned,
    "mcpc": at_cost_per_click,
}
"""What bids on a log, by name."""
