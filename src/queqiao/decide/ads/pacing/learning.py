"""How far a strategy knows a campaign: results since the last edit that made it another one."""

from collections.abc import Sequence

from msgspec import Struct

from queqiao.decide.ads.contracts import Campaign
from queqiao.decide.ads.pacing.book import CampaignDay
from queqiao.decide.ads.pacing.control import UNIT
from queqiao.decide.ads.pacing.document import BidStrategy, Wanted
from queqiao.decide.ads.pacing.messages import Learning, LimitedBy
from queqiao.decide.ads.pacing.worth import Results
from queqiao.kernel.clock import DAY_US, format_rfc3339

NEEDED: dict[Wanted, int] = {"conversion": 20, "click": 50}
"""So many results, and a rate is known to within a quarter or so."""

PATIENCE_US = 7 * DAY_US
"""Who has not learned in a week is limited by something."""

EDIT_PERCENT = 20
"""A target, bid or budget that moves by more than this makes another campaign of it."""

RECENT_TICKS = 6
BEHIND_PPM = 50_000
"""A campaign is behind its plan when this share of the budget is missing."""


class Edit(Struct, frozen=True):
    """One revision of a campaign: when it was made, whether it was live, what it said."""

    at_us: int
    live: bool
    campaign: Campaign


def wanted_of(strategy: BidStrategy) -> Wanted:
    """Return what a strategy counts; a manual bid is for clicks."""
    return "click" if not strategy.is_automatic else strategy.wanted


def begun_us(edits: Sequence[Edit]) -> int:
    """Return when the campaign became what it is. ``edits`` are oldest first, at least one."""
    since_us, before = edits[0].at_us, edits[0]
    for edit in edits[1:]:
        goes_live = edit.live and not any(each.live for each in edits if each.at_us < edit.at_us)
        if goes_live or is_significant(before.campaign, edit.campaign):
            since_us = edit.at_us
        before = edit
    return since_us


def is_significant(before: Campaign, after: Campaign) -> bool:
    """Say whether what was learned before an edit says little after it."""
    was, now = before.strategy, after.strategy
    if (was.kind, was.wanted) != (now.kind, now.wanted):
        return True
    if before.targeting != after.targeting or before.placements != after.placements:
        return True
    pairs = (
        (was.target_minor, now.target_minor),
        (was.target_return_percent, now.target_return_percent),
        (before.bid_minor, after.bid_minor),
        (before.daily_budget_minor, after.daily_budget_minor),
    )
    return any(moved(one, other) for one, other in pairs)


def moved(before: int | None, after: int | None) -> bool:
    """Say whether an amount moved by more than EDIT_PERCENT."""
    if before is None or after is None:
        return before is not after
    return abs(after - before) * 100 > EDIT_PERCENT * before


def learning(
    edits: Sequence[Edit],
    results: Results,
    today: CampaignDay | None,
    spent_minor: int,
    now_us: int,
) -> Learning:
    """Return how far a campaign is known. ``results`` are those since ``begun_us``."""
    campaign, since_us = edits[-1].campaign, begun_us(edits)
    wanted = wanted_of(campaign.strategy)
    counted = results.clicks if wanted == "click" else results.conversions
    limits = _limits(campaign, today, spent_minor)
    is_late = now_us - since_us > PATIENCE_US
    if counted >= NEEDED[wanted]:
        state, limits = "learned", []
    elif is_late:
        state, limits = "limited", limits or ["few_conversions"]
    else:
        state = "learning"
    return Learning(state, wanted, counted, NEEDED[wanted], format_rfc3339(since_us), limits)  # type: ignore[arg-type]  # one of the three above


def _limits(campaign: Campaign, today: CampaignDay | None, spent_minor: int) -> list[LimitedBy]:
    """Return what keeps a campaign from more results."""
    found: list[LimitedBy] = []
    target_minor = campaign.strategy.target_minor
    if target_minor is not None and campaign.daily_budget_minor < 10 * target_minor:
        found.append("budget")
    settings = today.settings[-RECENT_TICKS:] if today else ()
    if today is None or not settings or not _is_behind(campaign, today, spent_minor):
        return found
    if all(each.probability_ppm == UNIT for each in settings):
        at_most = all(each.multiplier_ppm == UNIT for each in settings)
        found.append("bid" if campaign.strategy.is_automatic and at_most else "supply")
    return found


def _is_behind(campaign: Campaign, today: CampaignDay, spent_minor: int) -> bool:
    tick = today.settings[-1].tick
    if not today.plan_ppm or campaign.strategy.pacing != "even":
        return False
    planned_ppm = today.plan_ppm[min(tick, len(today.plan_ppm)) - 1] if tick else 0
    spent_ppm = spent_minor * UNIT // max(1, campaign.daily_budget_minor)
    return spent_ppm + BEHIND_PPM < planned_ppm
