"""What goes over the wire of forecasts."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from queqiao.decide.ads.auction import Pricing
from queqiao.decide.ads.caps.document import CAPS_MAX, Cap
from queqiao.decide.ads.contracts import (
    PLACEMENTS_OF_A_CAMPAIGN_MAX,
    Creative,
    Currency,
    Hours,
    Id,
    Minor,
    Moment,
    QualityPercent,
    Targeting,
)

DRAFT_BYTES_MAX = 1_000_000
DAYS_MAX = 92
FROM_DAYS_MAX = 366
"""A range begins at most so many days before or after now."""


class Draft(Struct, frozen=True, forbid_unknown_fields=True):
    """A campaign as far as it is written. ``placements`` empty: all that were seen lately.

    The last fields are a campaign's too, so that a whole one may be sent; they are not read.
    """

    bid_minor: Minor
    daily_budget_minor: Minor
    placements: Annotated[list[Id], Meta(max_length=PLACEMENTS_OF_A_CAMPAIGN_MAX)] = []
    currency: Currency | None = None
    targeting: Targeting = Targeting()
    hours: Hours = []
    caps: Annotated[list[Cap], Meta(max_length=CAPS_MAX)] = []
    creatives: list[Creative] = []
    advertiser: str = ""
    pricing: Pricing = "cpc"
    quality_percent: QualityPercent | None = None
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    name: Any = None
    attribution: Any = None
    bid_follows_margin: Any = None
    exchange: Any = None
    exclusion_labels: Any = None
    product_categories: Any = None
    promises: Any = None
    sold: Any = None
    strategy: Any = None
    total_budget_minor: Any = None


class ForecastRequest(Struct, frozen=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """What would become of this campaign from ``from`` until ``until`` (now, and a week later)?

    ``campaign_id`` is the campaign that it would replace: then that is no rival of it, and its past
    is its own.
    """

    campaign: Draft
    campaign_id: Id | None = None
    from_: Moment | None = None
    until: Moment | None = None


class Estimate(Struct, frozen=True):
    """What is expected, and within which bounds it will lie with the confidence of the answer."""

    expected: float
    low: float
    high: float


class Point(Struct, frozen=True):
    """What would become of another bid or daily budget."""

    bid_minor: int
    daily_budget_minor: int
    impressions: Estimate
    clicks: Estimate
    cost_minor: Estimate
    conversions: Estimate


class Reach(Struct, frozen=True):
    """How many people. ``people`` were there in the days of the sample; ``members`` are ids in the
    segments that are asked for, null where none are; ``opportunities_a_day`` are theirs."""

    people: Estimate
    members: int | None
    opportunities_a_day: float


class Assumed(Struct, frozen=True):
    """A field that was asked and not logged, and the share of opportunities that hang on it.

    They are in ``expected`` and ``high``, and not in ``low``.
    """

    field: str
    share: float


class Alike(Struct, frozen=True):
    """A past campaign from which the click rate comes; ``likeness`` is its weight, 0 to 1."""

    campaign_id: str
    impressions: int
    clicks: int
    likeness: float


class SampleView(Struct, frozen=True, rename={"from_": "from"}):
    """What the answer is made from: so many opportunities and people, a share of all.

    ``days`` are whole ones, 0 where there is none yet.
    """

    opportunities: int
    people: int
    share: float
    days: int
    from_: str
    until: str


class Forecast(Struct, frozen=True, rename={"from_": "from"}):
    """What will become of a draft. ``exhausted`` is the share of days that spend their budget.

    ``average_price_minor`` is in the unit of the bid; ``win_rate`` is of the audience's
    opportunities; ``by_bid`` and ``by_budget`` say what other bids and budgets bring.
    """

    from_: str
    until: str
    currency: str
    confidence: float
    impressions: Estimate
    clicks: Estimate
    cost_minor: Estimate
    conversions: Estimate
    opportunities: float
    win_rate: float
    average_price_minor: float | None
    exhausted: float
    click_rate: Estimate
    reach: Reach
    by_bid: list[Point]
    by_budget: list[Point]
    alike: list[Alike]
    assumed: list[Assumed]
    sample: SampleView


class ReachRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Whom does a targeting reach, in these placements (none named: in all)?"""

    targeting: Targeting = Targeting()
    placements: Annotated[list[Id], Meta(max_length=PLACEMENTS_OF_A_CAMPAIGN_MAX)] = []


class ReachAnswer(Struct, frozen=True):
    """How many people a targeting reaches, and what was not logged."""

    reach: Reach
    confidence: float
    assumed: list[Assumed]
    sample: SampleView
