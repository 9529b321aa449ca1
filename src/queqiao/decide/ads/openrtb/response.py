"""The bid response of OpenRTB 2.6. What is absent stays absent on the wire."""

from enum import IntEnum

from queqiao.decide.ads.openrtb.context import Element
from queqiao.decide.ads.openrtb.regulation import Transparency
from queqiao.decide.ads.openrtb.values import Ext, Flag, Int


class MediaType(IntEnum):
    """What a bid's markup is (``bid.mtype``)."""

    BANNER = 1
    VIDEO = 2
    AUDIO = 3
    NATIVE = 4


class NoBidReason(IntEnum):
    """Why there is no bid (``nbr``; list of AdCOM 1.0, No-Bid Reason Codes), as far as we say."""

    TECHNICAL_ERROR = 1
    INVALID_REQUEST = 2
    INSUFFICIENT_TIME = 14


class DsaResponse(Element, frozen=True):
    """Who an ad is for and who paid for it; ``adrender`` 1: the ad says so itself."""

    behalf: str | None = None
    paid: str | None = None
    transparency: list[Transparency] | None = None
    adrender: Flag | None = None


class Bid(Element, frozen=True):
    """An offer for one impression (section 4.2.3). ``price`` is for a thousand, in ``cur``."""

    id: str | None = None
    impid: str | None = None
    price: float | None = None
    nurl: str | None = None
    burl: str | None = None
    lurl: str | None = None
    adm: str | None = None
    adid: str | None = None
    adomain: list[str] | None = None
    bundle: str | None = None
    iurl: str | None = None
    cid: str | None = None
    crid: str | None = None
    tactic: str | None = None
    cattax: Int | None = None
    cat: list[str] | None = None
    attr: list[Int] | None = None
    apis: list[Int] | None = None
    api: Int | None = None
    protocol: Int | None = None
    qagmediarating: Int | None = None
    language: str | None = None
    langb: str | None = None
    dealid: str | None = None
    w: Int | None = None
    h: Int | None = None
    wratio: Int | None = None
    hratio: Int | None = None
    exp: Int | None = None
    dur: Int | None = None
    mtype: Int | None = None
    slotinpod: Int | None = None
    ext: Ext = None


class SeatBid(Element, frozen=True):
    """The bids of one seat (4.2.2)."""

    bid: list[Bid] | None = None
    seat: str | None = None
    group: Flag | None = None
    ext: Ext = None


class BidResponse(Element, frozen=True):
    """The answer to a bid request (4.2.1). Without ``cur`` its prices are in US dollars."""

    id: str | None = None
    seatbid: list[SeatBid] | None = None
    bidid: str | None = None
    cur: str | None = None
    customdata: str | None = None
    nbr: Int | None = None
    ext: Ext = None
