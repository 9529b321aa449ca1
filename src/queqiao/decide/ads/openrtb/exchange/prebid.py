"""What a request says in ``ext.prebid``: as far as Prebid Server's extension is answered here."""

from typing import Any

import msgspec
from msgspec import Raw, Struct

from queqiao.decide.ads.openrtb.context import Element
from queqiao.decide.ads.openrtb.regulation import SupplyChain
from queqiao.decide.ads.openrtb.request import StoredRequest
from queqiao.decide.ads.openrtb.values import Int


class Range(Element, frozen=True):
    """Prices up to ``max`` are told in steps of ``increment``."""

    max: float
    increment: float
    min: float = 0.0


class CustomGranularity(Element, frozen=True):
    """Ranges of prices, each with its own steps; ``precision`` is the number of decimals."""

    ranges: list[Range] | None = None
    precision: Int | None = None


class MediaGranularity(Element, frozen=True):
    """Granularities by what the bid is."""

    banner: str | CustomGranularity | None = None
    video: str | CustomGranularity | None = None
    audio: str | CustomGranularity | None = None
    native: str | CustomGranularity | None = None


class TargetingAsked(Element, frozen=True):
    """Which keys for the ad server are put on bids."""

    pricegranularity: str | CustomGranularity | None = None
    mediatypepricegranularity: MediaGranularity | None = None
    includewinners: bool = True
    includebidderkeys: bool = True
    includeformat: bool = False
    preferdeals: bool = False
    alwaysincludedeals: bool = False
    appendbiddernames: bool = False
    truncateattrchars: Int | None = None
    prefix: str | None = None


class MultiBid(Element, frozen=True):
    """How many bids of a bidder are passed on for each impression, and how the extra are named."""

    bidder: str | None = None
    bidders: list[str] | None = None
    maxbids: Int | None = None
    targetbiddercodeprefix: str | None = None


class ChainOf(Element, frozen=True):
    """The supply chain as these bidders are told it; ``*`` stands for all others."""

    bidders: list[str] | None = None
    schain: SupplyChain | None = None


class MediaFactors(Element, frozen=True):
    """Factors by what the bid is, and by bidder."""

    banner: dict[str, float] | None = None
    video: dict[str, float] | None = None
    audio: dict[str, float] | None = None
    native: dict[str, float] | None = None


class CurrencyAsked(Element, frozen=True):
    """The publisher's own rates: ``rates[from][to]``; ``usepbsrates`` false: no others count."""

    rates: dict[str, dict[str, float]] | None = None
    usepbsrates: bool = True


class EidPermission(Element, frozen=True):
    """Ids of a source are told to these bidders only."""

    source: str | None = None
    bidders: list[str] | None = None


class DataAsked(Element, frozen=True):
    """With ``bidders``, the publisher's own data are told to these only."""

    bidders: list[str] | None = None
    eidpermissions: list[EidPermission] | None = None


class OwnData(Element, frozen=True):
    """What these bidders are told beyond the others."""

    site: dict[str, Any] | None = None
    app: dict[str, Any] | None = None
    user: dict[str, Any] | None = None


class BidderConfigIn(Element, frozen=True):
    """Holds the data, as Prebid.js has it."""

    ortb2: OwnData | None = None


class BidderConfig(Element, frozen=True):
    """Data for some bidders."""

    bidders: list[str] | None = None
    config: BidderConfigIn | None = None


class FloorSchema(Element, frozen=True):
    """Of which fields the keys of a table of floors are made."""

    fields: list[str] | None = None
    delimiter: str = "|"


class FloorModel(Element, frozen=True):
    """One table of floors."""

    schema: FloorSchema | None = None
    values: dict[str, float] | None = None
    default: float | None = None
    currency: str | None = None
    modelweight: Int | None = None
    modelversion: str | None = None
    skiprate: Int | None = None


class FloorData(Element, frozen=True):
    """Tables of floors, of which one is taken by weight."""

    modelgroups: list[FloorModel] | None = None
    currency: str | None = None
    skiprate: Int | None = None


class FloorEnforcement(Element, frozen=True):
    """How strictly floors are enforced: ``enforcerate`` in percent of auctions."""

    enforcepbs: bool = True
    enforcerate: Int | None = None
    floordeals: bool = False


class FloorsAsked(Element, frozen=True):
    """Rules for floors. ``skiprate`` is the percentage of auctions that go without them."""

    enabled: bool = True
    floormin: float | None = None
    floormincur: str | None = None
    skiprate: Int | None = None
    data: FloorData | None = None
    enforcement: FloorEnforcement | None = None


class RequestPrebid(Element, frozen=True):
    """``request.ext.prebid``. What is absent here is read over."""

    aliases: dict[str, str] | None = None
    aliasgvlids: dict[str, Int] | None = None
    bidadjustmentfactors: dict[str, float | MediaFactors] | None = None
    bidderconfig: list[BidderConfig] | None = None
    cache: dict[str, Any] | None = None
    channel: dict[str, Any] | None = None
    currency: CurrencyAsked | None = None
    data: DataAsked | None = None
    debug: bool = False
    events: dict[str, Any] | bool | None = None
    floors: FloorsAsked | None = None
    integration: str | None = None
    multibid: list[MultiBid] | None = None
    returnallbidstatus: bool = False
    schains: list[ChainOf] | None = None
    storedrequest: StoredRequest | None = None
    targeting: TargetingAsked | None = None


class RequestExt(Struct, frozen=True):
    """``request.ext``."""

    prebid: RequestPrebid | None = None


class UserPrebid(Struct, frozen=True):
    """``user.ext.prebid``: the id by which each bidder knows the user."""

    buyeruids: dict[str, str] | None = None


class _UserExt(Struct, frozen=True):
    prebid: UserPrebid | None = None


class _User(Struct, frozen=True):
    ext: _UserExt | None = None


_decoder = msgspec.json.Decoder(RequestExt)
_user_decoder = msgspec.json.Decoder(_User | None)
NOTHING_SAID = RequestPrebid()


def prebid_of(ext: Raw | None) -> RequestPrebid:
    """Return the extension. Raises msgspec.ValidationError where it is of another form."""
    if ext is None or bytes(ext) == b"null":
        return NOTHING_SAID
    return _decoder.decode(ext).prebid or NOTHING_SAID


def buyer_ids_of(user: Raw | None) -> dict[str, str]:
    """Return the id of the user by bidder. Raises msgspec.ValidationError for another form."""
    said = _user_decoder.decode(user) if user is not None else None
    prebid = said.ext.prebid if said is not None and said.ext is not None else None
    return (prebid.buyeruids if prebid is not None else None) or {}
