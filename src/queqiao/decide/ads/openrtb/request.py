"""The bid request of OpenRTB 2.6, in which 2.5 can be read too (``versions.py``)."""

from typing import Any

from queqiao.decide.ads.openrtb.context import App, Device, Dooh, Element, Site, User
from queqiao.decide.ads.openrtb.regulation import Regs, Source
from queqiao.decide.ads.openrtb.values import Ext, Flag, Int


class Format(Element, frozen=True):
    """A size that a banner may have, fixed or by ratio (section 3.2.10)."""

    w: Int | None = None
    h: Int | None = None
    wratio: Int | None = None
    hratio: Int | None = None
    wmin: Int | None = None
    ext: Ext = None


class Banner(Element, frozen=True):
    """A place for a banner (3.2.6)."""

    format: list[Format] | None = None
    w: Int | None = None
    h: Int | None = None
    btype: list[Int] | None = None
    battr: list[Int] | None = None
    pos: Int | None = None
    mimes: list[str] | None = None
    topframe: Flag | None = None
    expdir: list[Int] | None = None
    api: list[Int] | None = None
    id: str | None = None
    vcm: Flag | None = None
    wmax: Int | None = None
    hmax: Int | None = None
    wmin: Int | None = None
    hmin: Int | None = None
    ext: Ext = None


class DurFloors(Element, frozen=True):
    """A floor for ads of some length (3.2.35)."""

    mindur: Int | None = None
    maxdur: Int | None = None
    bidfloor: float | None = None
    ext: Ext = None


class Stream(Element, frozen=True):
    """What places for video and for audio have in common. Lengths are in seconds."""

    mimes: list[str] | None = None
    minduration: Int | None = None
    maxduration: Int | None = None
    startdelay: Int | None = None
    maxseq: Int | None = None
    poddur: Int | None = None
    protocols: list[Int] | None = None
    rqddurs: list[Int] | None = None
    podid: str | Int | None = None
    podseq: Int | None = None
    sequence: Int | None = None
    slotinpod: Int | None = None
    mincpmpersec: float | None = None
    battr: list[Int] | None = None
    maxextended: Int | None = None
    minbitrate: Int | None = None
    maxbitrate: Int | None = None
    delivery: list[Int] | None = None
    companionad: list[Banner] | None = None
    api: list[Int] | None = None
    companiontype: list[Int] | None = None
    durfloors: list[DurFloors] | None = None
    ext: Ext = None


class Video(Stream, frozen=True):
    """A place for video (3.2.7)."""

    w: Int | None = None
    h: Int | None = None
    placement: Int | None = None
    plcmt: Int | None = None
    linearity: Int | None = None
    skip: Flag | None = None
    skipmin: Int | None = None
    skipafter: Int | None = None
    boxingallowed: Flag | None = None
    playbackmethod: list[Int] | None = None
    playbackend: Int | None = None
    pos: Int | None = None
    poddedupe: list[Int] | None = None
    protocol: Int | None = None


class Audio(Stream, frozen=True):
    """A place for audio (3.2.8)."""

    feed: Int | None = None
    stitched: Flag | None = None
    nvol: Int | None = None


class Native(Element, frozen=True):
    """A place for a native ad (3.2.9); ``request`` is a JSON text of Native 1.2 or older."""

    request: str | None = None
    ver: str | None = None
    api: list[Int] | None = None
    battr: list[Int] | None = None
    ext: Ext = None


class Deal(Element, frozen=True):
    """A deal that was made beforehand (3.2.12)."""

    id: str | None = None
    bidfloor: float | None = None
    bidfloorcur: str | None = None
    at: Int | None = None
    wseat: list[str] | None = None
    wadomain: list[str] | None = None
    guar: Flag | None = None
    mincpmpersec: float | None = None
    durfloors: list[DurFloors] | None = None
    ext: Ext = None


class Pmp(Element, frozen=True):
    """The private market place (3.2.11); ``private_auction`` 1 takes bids on deals only."""

    private_auction: Flag | None = None
    deals: list[Deal] | None = None
    ext: Ext = None


class Metric(Element, frozen=True):
    """What was measured of the place (3.2.5)."""

    type: str | None = None
    value: float | None = None
    vendor: str | None = None
    ext: Ext = None


class Qty(Element, frozen=True):
    """How many people one impression stands for, on screens out of home (3.2.32)."""

    multiplier: float | None = None
    sourcetype: Int | None = None
    vendor: str | None = None
    ext: Ext = None


class RefSettings(Element, frozen=True):
    """How a place refreshes itself (3.2.34)."""

    reftype: Int | None = None
    minint: Int | None = None
    ext: Ext = None


class Refresh(Element, frozen=True):
    """That a place refreshes itself, and the how-manieth time this is (3.2.33)."""

    refsettings: list[RefSettings] | None = None
    count: Int | None = None
    ext: Ext = None


class StoredRequest(Element, frozen=True):
    """The name of a request that Prebid Server keeps."""

    id: str | None = None


class ImpPrebid(Element, frozen=True):
    """What Prebid.js tells Prebid Server of an impression: parameters by bidder."""

    bidder: dict[str, Any] | None = None
    storedrequest: StoredRequest | None = None
    is_rewarded_inventory: Flag | None = None


class ImpExt(Element, frozen=True):
    """``bidder`` holds the parameters that Prebid Server hands to the one bidder that it asks."""

    bidder: Any = None
    prebid: ImpPrebid | None = None
    gpid: str | None = None
    tid: str | None = None


class Imp(Element, frozen=True):
    """One impression that is for sale (3.2.4). ``bidfloor`` is for a thousand of them."""

    id: str | None = None
    metric: list[Metric] | None = None
    banner: Banner | None = None
    video: Video | None = None
    audio: Audio | None = None
    native: Native | None = None
    pmp: Pmp | None = None
    displaymanager: str | None = None
    displaymanagerver: str | None = None
    instl: Flag | None = None
    tagid: str | None = None
    bidfloor: float | None = None
    bidfloorcur: str | None = None
    clickbrowser: Flag | None = None
    secure: Flag | None = None
    iframebuster: list[str] | None = None
    rwdd: Flag | None = None
    ssai: Int | None = None
    exp: Int | None = None
    qty: Qty | None = None
    dt: float | None = None
    refresh: Refresh | None = None
    ext: ImpExt | None = None


class BidRequest(Element, frozen=True):
    """One bid request (3.2.1). ``tmax`` is in milliseconds, ``at`` 1 is first price, 2 second."""

    id: str | None = None
    imp: list[Imp] | None = None
    site: Site | None = None
    app: App | None = None
    dooh: Dooh | None = None
    device: Device | None = None
    user: User | None = None
    test: Flag | None = None
    at: Int | None = None
    tmax: Int | None = None
    wseat: list[str] | None = None
    bseat: list[str] | None = None
    allimps: Flag | None = None
    cur: list[str] | None = None
    wlang: list[str] | None = None
    wlangb: list[str] | None = None
    acat: list[str] | None = None
    bcat: list[str] | None = None
    cattax: Int | None = None
    badv: list[str] | None = None
    bapp: list[str] | None = None
    source: Source | None = None
    regs: Regs | None = None
    ext: Ext = None
