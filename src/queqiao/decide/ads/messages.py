"""What goes over the wire of the decision API."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from queqiao.decide.ads.auction import Kind, Pricing
from queqiao.decide.ads.caps.document import Level, Per
from queqiao.decide.ads.contracts import Creative, Id
from queqiao.decide.ads.inventory.document import Sold

SLOTS_MAX = 20


Word = Annotated[str, Meta(min_length=1, max_length=128)]
Words = Annotated[list[Annotated[str, Meta(max_length=256)]], Meta(max_length=100)]


class AskedPlacement(Struct, frozen=True, forbid_unknown_fields=True):
    """A placement to fill, with up to ``count`` ads of different campaigns."""

    id: Id
    count: Annotated[int, Meta(ge=1, le=10)] = 1


class AskedUser(Struct, frozen=True, forbid_unknown_fields=True):
    """Who looks: the id after login, the anonymous id before, or both.

    ``session_id`` names a visit of somebody unknown. Frequency caps alone use it, and no event has
    it.
    """

    id: Id | None = None
    anonymous_id: Id | None = None
    session_id: Id | None = None


class AskedDevice(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """On what it is shown, in the words of whoever asks (``mobile``, ``harmony``, ``zh-CN``)."""

    type: Word | None = None
    os: Word | None = None
    browser: Word | None = None
    language: Word | None = None


class AskedGeo(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where the shopper is: names from the large to the small, and the place in degrees (WGS 84).

    ``region`` may say all of it, as in ``CN-44-GZ``: an expression can ask what lies under a part.
    """

    country: Word | None = None
    region: Word | None = None
    city: Word | None = None
    lat: Annotated[float, Meta(ge=-90, le=90)] | None = None
    lon: Annotated[float, Meta(ge=-180, le=180)] | None = None


class AskedContext(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where it is shown, and what else is known of the moment, for expressions to ask.

    ``keywords`` are what was searched for, ``skus`` and ``categories`` what is looked at, ``tags``
    of the shopper or the page. What is left out is not known. ``attributes`` are the shop's own.
    """

    channel: Annotated[str, Meta(max_length=128)] = ""
    url: Annotated[str, Meta(max_length=4_000)] = ""
    device: AskedDevice | None = None
    geo: AskedGeo | None = None
    keywords: Words | None = None
    skus: Words | None = None
    categories: Words | None = None
    tags: Words | None = None
    attributes: dict[str, Any] | None = None


class DecisionRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Which places are to be filled, for whom, where."""

    placements: Annotated[list[AskedPlacement], Meta(min_length=1, max_length=SLOTS_MAX)]
    user: AskedUser = AskedUser()
    context: AskedContext = AskedContext()


class Tracking(Struct, frozen=True):
    """Where to tell what became of the ad: paths on this server, each told once or more often.

    In ``step`` the place of ``{step}`` is for what else happens: ``close``, ``error``, or of a
    video ``start``, ``firstQuartile``, ``midpoint``, ``thirdQuartile``, ``complete``, ``skip``.
    """

    impression: str
    click: str
    view: str
    conversion: str
    step: str


class Decision(Struct, frozen=True):
    """One ad for one place, in its ``slot`` from 0.

    ``price_minor`` is what it will cost the advertiser by ``pricing``: a click (``cpc``), a
    conversion (``cpa``), or a thousand impressions (``cpm``, ``ocpm``). ``house``: the shop's own,
    where nothing else was to show; nobody pays for it.
    """

    decision_id: str
    placement: str
    kind: Literal["ad", "house"]
    campaign_id: str
    creative: Creative
    price_minor: int
    currency: str
    tracking: Tracking
    pricing: Pricing = "cpc"
    slot: int = 0


NoFillReason = Literal[
    "unknown_placement",
    "no_campaign",
    "no_match",
    "budget",
    "frequency",
    "promises",
    "pacing",
    "ledger_unavailable",
    "log_unavailable",
]


class NoFill(Struct, frozen=True):
    """A place, or one of its slots, that stays empty.

    ``no_campaign`` names the place, ``no_match`` none may be shown to this shopper now, ``budget``
    those that may have spent their day, ``frequency`` this shopper has seen all that may be shown
    as often as their caps allow, ``promises`` the goods, coupons or promotions are gone that those
    that may be shown promise, ``pacing`` they take part in a share of auctions only and this is
    none of theirs, ``ledger_unavailable`` budgets cannot be taken just now,
    ``log_unavailable`` what was decided cannot be written down just now.
    """

    placement: str
    reason: NoFillReason


class DecisionResponse(Struct, frozen=True):
    """The ads, in the order of the places asked for, and the places that stay empty."""

    decisions: list[Decision]
    no_fill: list[NoFill]


class WhyCap(Struct, frozen=True):
    """The frequency cap that kept a campaign out: ``shown`` ads of ``name`` until ``until``.

    ``until`` is null for a lifetime.
    """

    level: Level
    name: str
    times: int
    per: Per
    rolling: bool
    shown: int
    until: str | None


class WhyClause(Struct, frozen=True):
    """The clause of an expression that kept a campaign out, and what it saw.

    ``seen`` is null where nothing was known, or where a junction's clauses decided together.
    """

    path: str
    seen: Any


class WhyCandidate(Struct, frozen=True):
    """What became of one campaign in a decision, and why.

    ``bid_minor`` is for what ``pricing`` says; ``score`` is what an impression in the first slot
    was taken to be worth in minor units, from the rates and the ``quality``, where 1 is even.
    ``probability`` goes with ``pacing``: the share of auctions that it took part in.
    """

    campaign_id: str
    outcome: Literal["won", "lost", "filtered"]
    reason: str
    bid_minor: int | None
    score: float | None
    propensity: float
    recorded: bool = True
    cap: WhyCap | None = None
    clause: WhyClause | None = None
    probability: float | None = None
    pricing: Pricing | None = None
    click_rate: float | None = None
    conversion_rate: float | None = None
    quality: float | None = None
    group_id: str = ""


class WhyBecame(Struct, frozen=True):
    """What a later event says of the ad or bid: its name and time, and what it cost, if anything.

    ``cpm_minor`` (the price that the auction came to) and ``reason`` (an exchange's code of a loss)
    go with bids in other exchanges.
    """

    event: str
    at: str
    cost_minor: int | None = None
    cpm_minor: int | None = None
    reason: int | None = None


class WhyDecision(Struct, frozen=True):
    """The decision as it was made; the draw is what chance gave.

    ``floor_rule`` is the field of the placement that asked for the floor, such as ``floors[2]``.
    ``slot_percent``: the clicks of the slot, as a share of the first one's. ``exchange`` names the
    one in which the campaign bid; then prices are for a thousand impressions. ``became``: what
    later events say, in their order of time.
    """

    decision_id: str
    at: str
    placement: str
    campaign_id: str
    creative_id: str
    price_minor: int
    currency: str
    floor_minor: int
    runner_up: str | None
    channel: str
    segments: list[str]
    draw: int
    floor_rule: str = "floor_minor"
    sold: Sold = "auction"
    deal_id: str | None = None
    auction: Kind = "second_price"
    slot: int = 0
    slot_percent: int = 100
    group_id: str = ""
    pricing: Pricing = "cpc"
    exchange: str | None = None
    became: list[WhyBecame] = []


class Replay(Struct, frozen=True):
    """Whether the auction, run again on what was logged, comes to the same decision."""

    equal: bool
    differences: list[str]


class WhyResponse(Struct, frozen=True):
    """Why this ad, and why not the others. ``not_listed`` counts campaigns beyond the list."""

    decision: WhyDecision
    candidates: list[WhyCandidate]
    not_listed: int
    replay: Replay
