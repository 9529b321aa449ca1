"""The documents of ads, and what other stages may know of them."""

from itertools import pairwise
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from queqiao.decide.ads import checks
from queqiao.decide.ads.auction import FULL_PERCENT, Kind, Pricing
from queqiao.decide.ads.caps.document import CAPS_MAX, Cap, check_caps
from queqiao.decide.ads.creative_parts import Html, Sources
from queqiao.decide.ads.delivery.windows import Attribution
from queqiao.decide.ads.inventory.document import (
    FLOORS_MAX,
    SIZES_MAX,
    Channel,
    DynamicFloor,
    FloorRule,
    Format,
    Labels,
    Names,
    Pixels,
    Size,
    Sold,
    check_dynamic_floor,
    check_floors,
    check_sizes,
)
from queqiao.decide.ads.openrtb.terms import AudioFile, ExchangeTerms, VideoFile
from queqiao.decide.ads.pacing.document import MANUAL, BidStrategy, check_strategy
from queqiao.decide.ads.prices import dearest_minor
from queqiao.decide.ads.promises.document import Promises
from queqiao.kernel.documents import DocumentKind
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.money import MINOR_MAX, exponent
from queqiao.kernel.vocabulary import ADS_SOURCE

SOURCE = ADS_SOURCE
"""The event source under which this stage writes to the log."""

CAMPAIGNS_MAX = 20_000
PLACEMENTS_OF_A_CAMPAIGN_MAX = 100
CREATIVES_MAX = 50
SLOTS_OF_A_PLACE_MAX = 10
SEGMENTS_MAX = 200
URL_LENGTH_MAX = 2_000

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Id = Annotated[str, Meta(min_length=1, max_length=128)]
Currency = Annotated[str, Meta(min_length=3, max_length=3, examples=["CNY"])]
Minor = Annotated[int, Meta(ge=0, le=MINOR_MAX, description="Amount in minor units (分)")]
Moment = Annotated[str, Meta(max_length=40, examples=["2026-06-18T00:00:00+08:00"])]
Hours = Annotated[list[str], Meta(max_length=7)]
Percent = Annotated[int, Meta(ge=1, le=FULL_PERCENT)]
QualityPercent = Annotated[int, Meta(ge=50, le=200)]
Url = Annotated[str, Meta(min_length=1, max_length=URL_LENGTH_MAX)]


class Placement(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A place on a page where an ad can stand. No click there costs less than ``floor_minor``.

    A bid for something else has to bring as much, by what is predicted of it. ``positions``: the
    clicks that each slot gets, as a share of the first one's; the last counts for all after it.
    ``quality``: whether ads count more or less by how their clicks convert (``quality.py``).
    Without ``format`` every creative fits; ``blocked_advertisers`` and ``blocked_categories`` (of
    what is advertised) never stand there.
    """

    name: Name
    floor_minor: Minor
    currency: Currency
    channel: Channel = "shop"
    format: Format | None = None
    sizes: Annotated[list[Size], Meta(max_length=SIZES_MAX)] = []
    floors: Annotated[list[FloorRule], Meta(max_length=FLOORS_MAX)] = []
    dynamic_floor: DynamicFloor | None = None
    blocked_categories: Names = []
    blocked_advertisers: Names = []
    auction: Kind = "second_price"
    positions: Annotated[list[Percent], Meta(max_length=SLOTS_OF_A_PLACE_MAX)] = []
    quality: Literal["even", "learned"] = "even"


class Targeting(Struct, frozen=True, forbid_unknown_fields=True):
    """Who may see it: a shopper in any of the segments, on any of the channels; empty is all.

    ``expression`` has to hold too (``targeting/README.md``).
    """

    segments_any: Annotated[list[Id], Meta(max_length=SEGMENTS_MAX)] = []
    channels_any: Annotated[list[Id], Meta(max_length=SEGMENTS_MAX)] = []
    expression: dict[str, Any] | None = None


class Creative(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is shown, and where a click leads: an http(s) address, or a path on the shop itself.

    ``video`` and ``audio`` are shown in other exchanges (``openrtb/``), a video also in placements
    of that format. ``image_width`` and ``image_height`` are asked where a placement has sizes.
    ``image_sources`` are the picture in other widths. ``html`` is shown on our own pages in a frame
    that can reach nothing of them; ``{click_url}`` in it is where a click has to go.
    """

    id: Id
    title: Name
    landing_url: Url
    image_url: Url | None = None
    image_width: Pixels | None = None
    image_height: Pixels | None = None
    sku: Id | None = None
    video: VideoFile | None = None
    audio: AudioFile | None = None
    image_sources: Sources = []
    html: Html | None = None


class Campaign(Struct, frozen=True, forbid_unknown_fields=True):
    """An advertiser's order: at most ``bid_minor`` a click, at most the budget a business day.

    ``total_budget_minor`` bounds all days together. ``pricing`` other than ``cpc``: the bid is for
    a thousand impressions (``cpm``), or for a conversion, charged when it comes (``cpa``) or for
    each impression by what is expected (``ocpm``). ``quality_percent``: how much more or less the
    ads count in every place.
    ``product_categories`` are what it advertises. Of two advertisers with an ``exclusion_label`` in
    common, one alone is on a page. ``sold``: ``booked`` is shown by deals alone, ``house`` where
    nothing else is; both bid nothing and have no budget.
    Without creatives and placements of its own it is shown by its ad groups (``groups/``), for
    which its ``hours``, targeting and caps hold as well. ``hours`` are 7 texts from Monday of 48
    half-hours, ``0`` or ``1``, by the shop's clock; empty is always. ``bid_follows_margin``: it
    bids the part of ``bid_minor`` that promotions leave of the margin of its goods
    (``promises/margin.py``).
    """

    name: Name
    advertiser: Name
    placements: Annotated[list[Id], Meta(max_length=PLACEMENTS_OF_A_CAMPAIGN_MAX)]
    bid_minor: Minor
    currency: Currency
    daily_budget_minor: Minor
    creatives: Annotated[list[Creative], Meta(max_length=CREATIVES_MAX)]
    targeting: Targeting = Targeting()
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    caps: Annotated[list[Cap], Meta(max_length=CAPS_MAX)] = []
    exchange: ExchangeTerms | None = None
    strategy: BidStrategy = MANUAL
    promises: Promises | None = None
    attribution: Attribution = Attribution()
    product_categories: Labels = []
    exclusion_labels: Labels = []
    sold: Sold = "auction"
    bid_follows_margin: bool = False
    pricing: Pricing = "cpc"
    quality_percent: QualityPercent | None = None
    hours: Hours = []
    total_budget_minor: Minor | None = None


def check_placement(placement: Placement) -> None:
    """Raise InvalidInput with every wrong field at once."""
    wrong: list[FieldError] = []
    wrong += checks.of(lambda: exponent(placement.currency))
    wrong += check_sizes(placement.format, placement.sizes)
    wrong += check_floors(placement.floors, placement.floor_minor)
    wrong += check_dynamic_floor(placement.dynamic_floor, placement.floor_minor)
    wrong += _positions(placement.positions)
    if wrong:
        raise InvalidInput(*wrong)


def check_campaign(campaign: Campaign) -> None:
    """Raise InvalidInput with every wrong field at once."""
    wrong: list[FieldError] = []
    wrong += checks.of(lambda: exponent(campaign.currency))
    wrong += checks.window(campaign.starts_at, campaign.ends_at)
    wrong += checks.hours(campaign.hours)
    wrong += _shown(campaign)
    wrong += check_caps(campaign.caps)
    wrong += check_strategy(campaign.strategy, campaign.pricing)
    wrong += checks.expression(campaign.targeting.expression)
    wrong += checks.unique("placements", campaign.placements)
    wrong += checks.unique("creatives", [creative.id for creative in campaign.creatives])
    for index, creative in enumerate(campaign.creatives):
        wrong += check_creative(creative, f"creatives[{index}].")
    wrong += _sold(campaign)
    dearest = dearest_minor(campaign.pricing, campaign.bid_minor)
    if dearest > campaign.daily_budget_minor:
        wrong.append(FieldError("daily_budget_minor", _BUDGET_BELOW_BID))
    if campaign.total_budget_minor is not None and dearest > campaign.total_budget_minor:
        wrong.append(FieldError("total_budget_minor", _BUDGET_BELOW_BID))
    if wrong:
        raise InvalidInput(*wrong)


_BUDGET_BELOW_BID = Message(
    "预算不能低于出价，否则一次也买不起",
    "must not be below the bid, or it could not pay for one click, conversion or impression",
)
_FREE = Message(
    "booked 与 house 计划不出价：请填 0", "must be 0: booked and house campaigns do not bid"
)
_HALF_A_SIZE = Message(
    "image_width 与 image_height 须同时填写或同时省略",
    "goes with image_width: give both or neither",
)
_HALF_SHOWN = Message(
    "placements 与 creatives 须同时填写；两者都留空则由广告组展示",
    "placements and creatives go together; leave both empty where ad groups show it",
)
_FIRST = Message("第一个位置须为 100", "must be 100: the other slots are shares of it")
_RISES = Message("不得高于前一个位置", "must not be above the slot before it")


def check_creative(creative: Any, path: str = "") -> list[FieldError]:
    """Return what is wrong with a creative, or a document of one; ``path`` stands before fields."""
    wrong: list[FieldError] = []
    urls = {"landing_url": creative.landing_url, "image_url": creative.image_url}
    for number, source in enumerate(creative.image_sources):
        urls[f"image_sources[{number}].url"] = source.url
    for name, file in (("video", creative.video), ("audio", creative.audio)):
        urls[f"{name}.url"] = file.url if file is not None else None
    for name, url in urls.items():
        if url is not None:
            wrong += checks.address(f"{path}{name}", url)
    if (creative.image_width is None) != (creative.image_height is None):
        wrong.append(FieldError(f"{path}image_height", _HALF_A_SIZE))
    return wrong


def _shown(campaign: Campaign) -> list[FieldError]:
    """A campaign names placements and creatives, or neither and is shown by its ad groups."""
    if bool(campaign.placements) == bool(campaign.creatives):
        return []
    return [FieldError("creatives" if campaign.placements else "placements", _HALF_SHOWN)]


def _sold(campaign: Campaign) -> list[FieldError]:
    if campaign.sold == "auction":
        return []
    paid = {"bid_minor": campaign.bid_minor, "daily_budget_minor": campaign.daily_budget_minor}
    wrong = [FieldError(name, _FREE) for name, minor in paid.items() if minor]
    if campaign.strategy.is_controlled:
        wrong.append(FieldError("strategy", _FREE))
    return wrong


def _positions(percents: list[int]) -> list[FieldError]:
    wrong = [FieldError("positions[0]", _FIRST)] if percents[:1] not in ([], [FULL_PERCENT]) else []
    for index, (before, after) in enumerate(pairwise(percents), 1):
        if after > before:
            wrong.append(FieldError(f"positions[{index}]", _RISES))
    return wrong


PLACEMENT = DocumentKind("placement", "placements", Placement, check_placement)
CAMPAIGN = DocumentKind("campaign", "campaigns", Campaign, check_campaign)
KINDS = (PLACEMENT, CAMPAIGN)
