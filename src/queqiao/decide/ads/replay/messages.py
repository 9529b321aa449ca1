"""What goes over the wire of replays of auctions."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from queqiao.decide.ads.caps.document import CAPS_MAX, Cap
from queqiao.decide.ads.contracts import Id, Minor, Moment, Targeting
from queqiao.decide.ads.forecast.messages import Estimate
from queqiao.kernel.kept_jobs import Status

BODY_BYTES_MAX = 1_000_000
DAYS_MAX = 31


class CampaignChange(Struct, frozen=True, forbid_unknown_fields=True):
    """What of a campaign is otherwise; what is left out stays as its document says now."""

    id: Id
    bid_minor: Minor | UnsetType = UNSET
    daily_budget_minor: Minor | UnsetType = UNSET
    targeting: Targeting | UnsetType = UNSET
    caps: Annotated[list[Cap], Meta(max_length=CAPS_MAX)] | UnsetType = UNSET


class FloorChange(Struct, frozen=True, forbid_unknown_fields=True):
    """Another floor of a placement."""

    id: Id
    floor_minor: Minor


class AuctionReplayRequest(
    Struct, frozen=True, forbid_unknown_fields=True, rename={"from_": "from"}
):
    """Hold the auctions from ``from`` until ``until`` again (none: yesterday's) under one change:
    of a ``campaign``, or of a ``placement``."""

    campaign: CampaignChange | None = None
    placement: FloorChange | None = None
    from_: Moment | None = None
    until: Moment | None = None


class Became(Struct, frozen=True):
    """What became of ads: counts, and cost in minor units."""

    impressions: int
    clicks: int
    cost_minor: int
    conversions: int


class WouldHave(Struct, frozen=True):
    """What would have become of them, or by how much that differs, with an interval."""

    impressions: Estimate
    clicks: Estimate
    cost_minor: Estimate
    conversions: Estimate


class OfPlace(Struct, frozen=True):
    """One placement with all of its ads: ``cost_minor`` is what it earned."""

    id: str
    before: Became
    after: WouldHave
    difference: WouldHave


class AuctionReplayResult(Struct, frozen=True):
    """What a change would have done. ``campaign`` is null where a placement was changed.

    ``slots`` were looked at, ``changed`` have another winner or price (or the changed campaign).
    ``assumed``: slots that the campaign wins and of which the log does not say that it could take
    part; half of the draws leave them out. ``incomplete``: slots in which campaigns that the log
    does not name could have come in. ``unequal``: auctions that do not replay to what was logged.
    """

    currency: str
    confidence: float
    slots: int
    changed: int
    assumed: int
    incomplete: int
    unequal: int
    campaign: OfPlace | None
    placements: list[OfPlace]


class AuctionReplay(Struct, frozen=True, rename={"from_": "from"}):
    """A replay, how far it is, and its result when it is done."""

    id: str
    status: Status
    created_at: str
    from_: str
    until: str
    auctions_total: int
    auctions_read: int
    result: AuctionReplayResult | None = None
    error: str | None = None
