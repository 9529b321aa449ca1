"""The cost guarantee: what a week that cost more than was promised gives back. Pure integers.

A week is covered when the campaign bid for a target all through it, had enough conversions for a
mean to mean something, and was not turned into another campaign meanwhile. Where it cost more than
the promise by more than the tolerance, all that is above the promise is given back.
"""

from collections.abc import Sequence

from msgspec import Struct

from queqiao.decide.ads.contracts import Campaign
from queqiao.decide.ads.pacing.document import BidStrategy, Kind
from queqiao.decide.ads.pacing.learning import Edit, is_significant
from queqiao.decide.ads.pacing.messages import GuaranteeWindow, NotCovered
from queqiao.kernel.clock import DAY_US, business_day, day_start_us

GUARANTEED: frozenset[Kind] = frozenset(("tcpa", "ocpm", "troas"))
"""Kinds of strategies that promise something."""

TOLERANCE_PERCENT = 20
"""How much dearer than promised a week may be: chance alone does not move it so far."""

CONVERSIONS_MIN = 10
WEEK_DAYS = 7
_MONDAY_US = 4 * DAY_US
"""The first Monday after the epoch began, 1970-01-05."""


class Week(Struct, frozen=True):
    """A week of business days, Monday to Sunday: its days, and its two ends."""

    days: tuple[str, ...]
    begins_us: int
    ends_us: int

    @property
    def name(self) -> str:
        """Its Monday."""
        return self.days[0]


def week_of(now_us: int, zone: str) -> Week:
    """Return the week of a moment."""
    noon_us = day_start_us(business_day(now_us, zone), "UTC") + DAY_US // 2
    monday_us = noon_us - (noon_us - _MONDAY_US) // DAY_US % WEEK_DAYS * DAY_US
    named = [business_day(monday_us + each * DAY_US, "UTC") for each in range(WEEK_DAYS + 1)]
    days = tuple(named[:WEEK_DAYS])
    return Week(days, day_start_us(days[0], zone), day_start_us(named[WEEK_DAYS], zone))


class Results(Struct, frozen=True):
    """What a week cost by the ledger, and what its ads brought, late conversions among it."""

    cost_minor: int
    conversions: int
    value_minor: int


def uncovered(edits: Sequence[Edit], week: Week) -> NotCovered | None:
    """Return why a campaign's edits leave a week uncovered. ``edits`` are oldest first."""
    before: Edit | None = None
    for edit in edits:
        if edit.at_us >= week.ends_us:
            break
        was_live = any(each.live for each in edits if each.at_us < edit.at_us)
        is_here = before is not None and was_live and edit.at_us >= week.begins_us
        if is_here and before is not None and _is_another(before.campaign, edit.campaign):
            return "edited"
        before = edit
    return None


def _is_another(before: Campaign, after: Campaign) -> bool:
    """Say whether an edit made another campaign of it, or made another one pay."""
    return before.advertiser != after.advertiser or is_significant(before, after)


def in_force(edits: Sequence[Edit], week: Week) -> Edit:
    """Return the last edit of before a week's end. ``edits`` are oldest first, at least one."""
    return next((each for each in reversed(edits) if each.at_us < week.ends_us), edits[0])


def promised(edits: Sequence[Edit], week: Week) -> BidStrategy:
    """Return what was promised: of the targets in force in the week, the least strict one.

    Where none was in force, a strategy of another kind: it promised nothing.
    """
    known = [each for each in edits if each.at_us < week.ends_us] or list(edits[:1])
    before = [number for number, each in enumerate(known) if each.at_us <= week.begins_us]
    strategies = [each.campaign.strategy for each in known[before[-1] if before else 0 :]]
    return max(strategies, key=lambda each: (each.kind in GUARANTEED, _leniency(each)))


def _leniency(strategy: BidStrategy) -> float:
    if strategy.target_return_percent is not None:
        return -float(strategy.target_return_percent)
    return float(strategy.target_minor or 0)


def allowed_minor(strategy: BidStrategy, results: Results) -> int:
    """Return what the results may cost by the promise, rounded down."""
    if strategy.target_return_percent is not None:
        return max(0, results.value_minor) * 100 // strategy.target_return_percent
    return (strategy.target_minor or 0) * results.conversions


def judged(edits: Sequence[Edit], week: Week, results: Results) -> GuaranteeWindow:
    """Return what becomes of a week all of whose results are in."""
    strategy = promised(edits, week)
    reason = uncovered(edits, week)
    if strategy.kind not in GUARANTEED:
        reason = "no_promise"
    if reason is None and results.conversions < CONVERSIONS_MIN:
        reason = "few_conversions"
    allowed = allowed_minor(strategy, results)
    is_dearer = results.cost_minor * 100 > allowed * (100 + TOLERANCE_PERCENT)
    credit = results.cost_minor - allowed if reason is None and is_dearer else 0
    return GuaranteeWindow(
        week.name,
        "not_covered" if reason else ("credited" if credit else "kept"),
        results.cost_minor,
        results.conversions,
        strategy.target_minor or 0,
        credit,
        reason,
    )
