"""What goes over the wire of ``GET /api/v1/campaigns/{id}/pacing``."""

from typing import Literal

from msgspec import Struct

from queqiao.decide.ads.pacing.document import BidStrategy, Wanted

LearningState = Literal["learning", "learned", "limited"]
LimitedBy = Literal["few_conversions", "bid", "budget", "supply"]
WindowState = Literal["open", "waiting", "kept", "credited", "not_covered"]
NotCovered = Literal["few_conversions", "edited", "no_advertiser", "no_promise"]


class PlanPoint(Struct, frozen=True):
    """The end of one half hour of the day: what was to be spent by then, and what was.

    Amounts count from the start of the day; ``spent_minor`` is null for what is to come.
    ``share_ppm`` is the plan as a share of the budget, in millionths.
    """

    until: str
    share_ppm: int
    planned_minor: int
    spent_minor: int | None


class MultiplierPoint(Struct, frozen=True):
    """What was set from ``at`` on: the share of ``bid_minor`` that is bid, and that takes part.

    Both are in millionths: ``probability_ppm`` is the chance of an auction to be taken part in.
    """

    at: str
    multiplier_ppm: int
    probability_ppm: int
    bid_minor: int


class Learning(Struct, frozen=True):
    """How far the strategy knows the campaign.

    ``counted`` of ``needed`` results (``wanted``) came since the last significant edit
    (``since``). ``limited``: it will not get there; ``limited_by`` says why.
    """

    state: LearningState
    wanted: Wanted
    counted: int
    needed: int
    since: str
    limited_by: list[LimitedBy]


class GuaranteeWindow(Struct, frozen=True):
    """What the cost guarantee makes of one week (``window``: its Monday).

    ``waiting``: late conversions may still come. ``credited`` gave ``credit_minor`` back.
    ``not_covered`` says why in ``reason``.
    """

    window: str
    state: WindowState
    cost_minor: int
    conversions: int
    target_minor: int
    credit_minor: int
    reason: NotCovered | None = None


class CampaignPacing(Struct, frozen=True):
    """A campaign's day: plan, spend, what its strategy set, and how far it has learned.

    ``left_minor`` = budget - spent - leased. ``expected_minor`` is what clicks that are still on
    their way will probably cost. ``runs_out_at``: when the budget ends at the present pace; null
    when it lasts. ``at`` is null when nothing was reckoned today: the campaign is not live, or is
    bid by hand as fast as it can.
    """

    campaign_id: str
    currency: str
    strategy: BidStrategy
    day: str
    at: str | None
    budget_minor: int
    spent_minor: int
    leased_minor: int
    left_minor: int
    expected_minor: int
    runs_out_at: str | None
    plan: list[PlanPoint]
    multipliers: list[MultiplierPoint]
    learning: Learning
    guarantee: list[GuaranteeWindow]
