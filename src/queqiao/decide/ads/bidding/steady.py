"""The pacer that keeps to a plan: in each tick it buys what the plan says should be spent by then.

The multiplier is the smaller of two dual variables. The budget's is the one at which the tick is
expected to cost what the plan still lacks; the target's is the one at which what was bought so far
and what the rest of the day brings keep the mean cost of a value (Balseiro and Gur, "Learning in
Repeated Auctions with Budgets", Management Science 2019; Feng, Padmanabhan and Wang, "Online
Bidding Algorithms for Return-on-Spend Constrained Advertisers", WWW 2023). Both are not stepped
towards but read from what each multiplier would have cost and brought in the last ticks: an error
is gone in one tick where a stepped variable, or a PID, follows it for hours.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from queqiao.decide.ads.bidding.contracts import Budget, Floats, History, Outcome, Target, Values

RECENT_TICKS = 12
"""So many ticks tell what a multiplier costs: enough rows, and few enough to follow the day."""
RECENT = 0.8
"""What the tick before counts, as a share of the one after it."""
CATCH_UP = 3.0
"""A tick is bought at most so many times as much as an even rest of the day would."""
LAST_TICK = 1.5
"""The last tick of a plan is bought so many times: chance gives now more, now less."""
STEP_MAX = 1.5
"""Where a higher multiplier than any seen is needed, it is raised by so much a tick at most."""
ELASTICITY = 2.0
"""How much faster than the multiplier the cost is taken to grow where nothing was seen."""
FIRST_SHARE = 0.5
"""What share of the target is bid while nothing at all is known of prices."""


@dataclass(frozen=True)
class Steady:
    """Bids ``min(budget's multiplier, target's multiplier) · value``.

    ``plan`` is the share of the day's budget that is to be spent by the end of each tick; it rises
    to 1. ``margin`` is how much of the target cost is aimed at. ``asap``: there is no plan, and
    the target alone is kept.
    """

    plan: tuple[float, ...]
    margin: float = 0.98
    asap: bool = False

    def bids(
        self, tick: int, values: Values, history: History, budget: Budget, target: Target
    ) -> Floats:
        """Return the bids of the tick."""
        mean = float(values.expected.mean()) if len(values) else 0.0
        if mean <= 0 or budget.left <= 0:
            return np.zeros(len(values))
        wanted = wanted_now(self.plan, tick, budget) / len(values)
        curve = Curve.of(list(history)[-RECENT_TICKS:], mean)
        multiplier = self._budgeted(curve, wanted, mean, history)
        if target.cost_per_value is not None:
            rest = len(values) * self._traffic_left(tick)
            bound = target.cost_per_value
            multiplier = min(multiplier, self._targeted(curve, bound, rest, history, budget.left))
        return np.minimum(multiplier * values.expected, budget.left)

    def _budgeted(self, curve: "Curve", wanted: float, mean: float, history: History) -> float:
        if self.asap:
            return np.inf
        if not curve.is_known:
            last = _last_multiplier(history)
            return wanted / mean if last is None else STEP_MAX * last
        return curve.costing(wanted)

    def _targeted(
        self, curve: "Curve", bound: float, rest: float, history: History, left: float
    ) -> float:
        if not curve.is_known:
            return FIRST_SHARE * bound
        spent = sum(outcome.cost for outcome in history)
        gained = sum(outcome.gain for outcome in history)
        return curve.keeping(bound * self.margin, (spent, gained), rest, left)

    def _traffic_left(self, tick: int) -> float:
        """Return how many times this tick's traffic the rest of the day has."""
        now = planned_share(self.plan, tick)
        return (1.0 - _before(self.plan, tick)) / now if now > 0 else 1.0


def planned_share(plan: Sequence[float], tick: int) -> float:
    """Return the share of the budget that a plan gives to one tick."""
    return plan[min(tick, len(plan) - 1)] - _before(plan, tick)


def wanted_now(plan: Sequence[float], tick: int, budget: Budget) -> float:
    """Return what a tick is to cost: what the plan lacks by its end, within ``CATCH_UP``.

    A budget that was changed, or a campaign that began late, catches up with the plan over the
    next ticks and not at once. In the last tick and after it everything may go, and a little more
    is aimed at: what is left of a budget cannot be bought later, and it bounds itself.
    """
    if tick >= len(plan) or plan[tick] >= 1.0:
        return max(LAST_TICK * budget.left, 0.0)
    lacking = plan[tick] * budget.total - budget.spent
    rest = 1.0 - _before(plan, tick)
    usual = planned_share(plan, tick) / rest * budget.left if rest > 0 else budget.left
    return float(np.clip(lacking, 0.0, max(CATCH_UP * usual, 0.0)))


def plan_of(traffic: Sequence[float]) -> tuple[float, ...]:
    """Return the plan that spends in proportion to traffic. Needs some traffic."""
    total = sum(traffic)
    shares = [so_far / total for so_far in accumulate(traffic)]
    return (*shares[:-1], 1.0)


def _before(plan: Sequence[float], tick: int) -> float:
    return plan[min(tick, len(plan)) - 1] if tick > 0 else 0.0


@dataclass(frozen=True)
class Curve:
    """What a multiplier costs and brings in one impression, from ticks that are over.

    ``needed`` are multipliers that win one more impression each, smallest first, up to the highest
    that is known; ``costs`` and ``gains`` are those of all below.
    """

    needed: Floats
    costs: Floats
    gains: Floats

    @classmethod
    def of(cls, outcomes: Sequence[Outcome], mean: float, *, bid_only: bool = False) -> "Curve":
        """Return the curve of some ticks, in order of time, as it is where values have a mean.

        Values change their level from hour to hour, and prices, which others make, do not follow.
        ``bid_only``: impressions that were not bid for tell nothing.
        """
        told = [(RECENT**age, _rows(one, bid_only)) for age, one in enumerate(reversed(outcomes))]
        told = [(weight, rows) for weight, rows in told if rows.mean > 0]
        count = sum(weight * rows.seen for weight, rows in told)
        if not count:
            return cls(*np.zeros((3, 0)))
        needed = np.concatenate([rows.needed * (rows.mean / mean) for _, rows in told])
        costs = np.concatenate([weight * rows.costs for weight, rows in told])
        gains = np.concatenate([weight * (mean / rows.mean) * rows.gains for weight, rows in told])
        order = np.argsort(needed, kind="stable")
        return cls(needed[order], np.cumsum(costs[order]) / count, np.cumsum(gains[order]) / count)

    @property
    def is_known(self) -> bool:
        """Whether any price is known."""
        return len(self.needed) > 0 and self.costs[-1] > 0

    def cost(self, multiplier: float) -> float:
        """Return what a multiplier costs."""
        at = int(np.searchsorted(self.needed, multiplier, side="right"))
        return float(self.costs[at - 1]) if at else 0.0

    def costing(self, cost: float) -> float:
        """Return the multiplier that costs so much."""
        if cost <= self.costs[-1]:
            at = int(np.searchsorted(self.costs, cost))
            return float(self.needed[at])
        beyond = (cost / self.costs[-1]) ** (1 / ELASTICITY)
        return float(self.needed[-1] * min(beyond, STEP_MAX))

    def keeping(self, aim: float, so_far: tuple[float, float], rest: float, left: float) -> float:
        """Return the highest multiplier with which the day's mean cost of a value is ``aim``.

        ``so_far`` is what was spent and gained, ``rest`` the impressions that are expected, of
        which money that is ``left`` may buy a part only. Where no multiplier keeps it, the bound
        itself or what is cheaper still helps.
        """
        spent, gained = so_far
        bought = rest * np.minimum(1.0, left / np.maximum(rest * self.costs, 1e-12))
        above = spent + bought * self.costs - aim * (gained + bought * self.gains)
        keeping = np.flatnonzero(above <= 0)
        if not len(keeping):
            return min(aim, float(self.needed[np.argmin(above)]))
        if keeping[-1] == len(above) - 1:
            return max(aim, STEP_MAX * float(self.needed[-1]))
        return float(self.needed[keeping[-1]])


class _Rows(NamedTuple):
    """A tick's impressions of known price: what wins each, what it costs and brings."""

    needed: Floats
    costs: Floats
    gains: Floats
    mean: float
    seen: int


def _rows(outcome: Outcome, bid_only: bool) -> _Rows:
    found: _Rows = outcome.derived(("needed", bid_only), partial(_needed, outcome, bid_only))
    return found


def _needed(outcome: Outcome, bid_only: bool) -> _Rows:
    asked = outcome.bids > 0 if bid_only else np.ones(len(outcome.values), np.bool_)
    expected, count = outcome.values.expected, int(asked.sum())
    known = asked & np.isfinite(outcome.market) & (expected > 0)
    # What was paid says what is paid, where it differs from the price (clicks that do not come).
    told = float(outcome.market[outcome.won & known].sum())
    real = outcome.cost / told if told > 0 and outcome.cost > 0 else 1.0
    market = outcome.market[known]
    mean = float(expected[asked].mean()) if count else 0.0
    return _Rows(market / expected[known], market * real, expected[known], mean, count)


def _last_multiplier(history: History) -> float | None:
    """Return the last multiplier that was bid, None where there was none."""
    for outcome in reversed(history.outcomes):
        mass = float(outcome.values.expected.sum())
        if mass > 0 and outcome.bids.any():
            return float(outcome.bids.sum()) / mass
    return None
