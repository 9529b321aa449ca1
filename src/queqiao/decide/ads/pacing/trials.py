"""A strategy is tried before it spends: what it must show, and what is remembered of it.

The version of a strategy is a hash of the code that it is made of, its constants among it: whoever
changes a line has another strategy, which was not tried. Results that come with the system lie in
``trials.json``; those of an operator's own build are recorded by ``queqiao simulate gate``.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from hashlib import blake2b
from importlib import import_module
from pathlib import Path

import msgspec
import numpy as np
from msgspec import Struct
from sqlalchemy import Connection

from queqiao.decide.ads.bidding.contracts import Budget, History, Strategy, Target
from queqiao.decide.ads.bidding.steady import plan_of
from queqiao.decide.ads.contracts import Campaign
from queqiao.decide.ads.pacing.strategies import Name, made, name_of
from queqiao.decide.ads.simulation.auctionnet import settle
from queqiao.decide.ads.simulation.episodes import Episode
from queqiao.decide.ads.simulation.reference_days import advertisers
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.ports.records import artifacts

ARTIFACT = "ads_strategy_trials"
"""The name under which an operator's own trials lie in ``ports/records/artifacts``."""

SHIPPED = Path(__file__).with_name("trials.json")

_ADS = "queqiao.decide.ads"
_COMMON = ("pacing.strategies", "pacing.steering", "bidding.steady", "bidding.throttled")
_CODE: dict[Name, tuple[str, ...]] = {
    "throttled": _COMMON,
    "steady": _COMMON,
    "asap": _COMMON,
    "predictive": (
        *_COMMON, "bidding.predictive", "bidding.foresight", "bidding.market", "bidding.reserve",
        "bidding.drift", "bidding.win_curve",
    ),
}  # fmt: skip
"""The modules that a strategy is made of."""

OFTEN = 0.75
"""A manual bid of the trial wins so much of what it is asked for."""


class Bar(Struct, frozen=True):
    """What a strategy must show: at most so far from its plan (root mean square, of the budget),
    at least so much spent, at most such a share of advertisers above their target."""

    plan_rmse_max: float
    spent_min: float
    violators_max: float


BARS: dict[Name, Bar] = {
    "throttled": Bar(0.05, 0.98, 1.0),
    "steady": Bar(0.05, 0.98, 0.05),
    "asap": Bar(1.0, 0.0, 0.05),
    "predictive": Bar(1.0, 0.90, 0.05),
}
"""A target can keep a strategy from spending, so plan and spend are shown without one."""


class Trial(Struct, frozen=True):
    """What came of a trial. ``overspent`` counts days that cost more than their budget."""

    strategy: Name
    version: str
    days: str
    advertisers: int
    plan_rmse: float
    spent: float
    violators: float
    overspent: int

    @property
    def passed(self) -> bool:
        """Whether it may spend."""
        bar = BARS[self.strategy]
        return (
            self.overspent == 0
            and self.plan_rmse <= bar.plan_rmse_max
            and self.spent >= bar.spent_min
            and self.violators <= bar.violators_max
        )


@cache
def version_of(name: Name) -> str:
    """Return the version of a strategy: what its code and constants hash to."""
    digest = blake2b(digest_size=8)
    for module in _CODE[name]:
        file = import_module(f"{_ADS}.{module}").__file__
        assert file is not None  # none of them is a namespace
        digest.update(Path(file).read_bytes())
    return digest.hexdigest()


def tried(name: Name, days: Sequence[Episode], told: str, seed: int) -> Trial:
    """Return what came of a strategy on some days; ``told`` names them.

    Of each day it knows the mean traffic of the others, or its own where it is alone.
    """
    free, bound = [], []
    for number, (day, advertiser) in enumerate(advertisers(list(days))):
        traffic = _usual([other for other in days if other is not day] or [day])
        chance = np.random.default_rng([seed, number])
        strategy = made(name, traffic, _price(name, day, advertiser))
        free.append(_lived((day, advertiser), strategy, Target(), traffic, chance))
        if name != "throttled":
            target = Target.cpa(float(day.targets[advertiser]))
            bound.append(_lived((day, advertiser), strategy, target, traffic, chance))
    lived = [*free, *bound]
    return Trial(
        name,
        version_of(name),
        told,
        len(free),
        round(float(np.mean([one.plan_rmse for one in free])), 4),
        round(float(np.mean([one.spent for one in free])), 4),
        round(float(np.mean([one.violates for one in bound])) if bound else 0.0, 4),
        sum(one.spent > 1 + 1e-9 for one in lived),
    )


class _Lived(Struct, frozen=True):
    plan_rmse: float
    spent: float
    violates: bool


def _lived(
    whose: tuple[Episode, int],
    strategy: Strategy,
    target: Target,
    traffic: tuple[float, ...],
    chance: np.random.Generator,
) -> _Lived:
    day, advertiser = whose
    history, budget = History(), float(day.budgets[advertiser])
    left, spent, gained = budget, [], 0.0
    for tick in range(day.ticks):
        values = day.values(tick, advertiser)
        bids = strategy.bids(tick, values, history, Budget(budget, left), target)
        outcome = settle(values, bids, day.market[day.rows(tick)], left, chance)
        left, gained = left - outcome.cost, gained + outcome.gain
        spent.append(1 - left / budget)
        history = history.after(outcome)
    off = np.array(spent) - np.array(plan_of(traffic))
    bound = target.cost_per_value
    violates = bound is not None and budget - left > bound * gained
    return _Lived(float(np.sqrt(np.mean(off**2))), spent[-1], violates)


def _usual(days: Sequence[Episode]) -> tuple[float, ...]:
    counts = np.mean([np.diff(day.begins) for day in days], axis=0)
    return tuple(float(count) for count in counts)


def _price(name: Name, day: Episode, advertiser: int) -> float:
    """Return what ``throttled`` bids for a value, or what an impression costs on the average."""
    if name != "throttled":
        return float(day.market.mean())
    values = np.maximum(day.expected[:, advertiser], 1e-12)
    return float(np.quantile(day.market / values, OFTEN))


def passes(conn: Connection | None = None) -> frozenset[tuple[str, str]]:
    """Return name and version of each strategy that may spend: shipped, and recorded here."""
    found = msgspec.json.decode(SHIPPED.read_bytes(), type=list[Trial])
    own = artifacts.get(conn, ARTIFACT) if conn is not None else None
    if own is not None:
        found += msgspec.json.decode(own[1], type=list[Trial])
    return frozenset((one.strategy, one.version) for one in found if one.passed)


def record(conn: Connection, trials: Iterable[Trial], now_us: int) -> None:
    """Remember trials in place of earlier ones of the same strategies."""
    newer = {one.strategy: one for one in trials}
    own = artifacts.get(conn, ARTIFACT)
    older = msgspec.json.decode(own[1], type=list[Trial]) if own is not None else []
    kept = {one.strategy: one for one in older} | newer
    body = msgspec.json.encode(sorted(kept.values(), key=lambda one: one.strategy))
    artifacts.put(conn, ARTIFACT, body, now_us)


def may_spend(campaign: Campaign, passed: frozenset[tuple[str, str]]) -> bool:
    """Say whether the strategy of a campaign has passed, as it is now."""
    name = name_of(campaign.strategy)
    return name is None or (name, version_of(name)) in passed


def check_live_campaign(document: Campaign, conn: Connection) -> None:
    """Raise InvalidInput before a campaign goes live with a strategy that was not tried."""
    if not may_spend(document, passes(conn)):
        raise InvalidInput(FieldError("strategy", _NOT_TRIED))


_NOT_TRIED = Message(
    "此策略的当前版本还没有在模拟器里合格；请先运行 queqiao simulate gate",
    "this version of the strategy has not passed the simulator: run queqiao simulate gate first",
)
