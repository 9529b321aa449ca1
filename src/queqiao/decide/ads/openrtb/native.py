"""Native ads, version 1.2 of the Dynamic Native Ads API: what a place asks for, what an ad says."""

from queqiao.decide.ads.openrtb.context import Element
from queqiao.decide.ads.openrtb.request import Video
from queqiao.decide.ads.openrtb.values import Ext, Flag, Int


class TitleAsked(Element, frozen=True):
    """A title of at most ``len`` characters."""

    len: Int | None = None
    ext: Ext = None


class ImageAsked(Element, frozen=True):
    """A picture; ``type`` 1 is an icon, 3 the main one."""

    type: Int | None = None
    w: Int | None = None
    wmin: Int | None = None
    h: Int | None = None
    hmin: Int | None = None
    mimes: list[str] | None = None
    ext: Ext = None


class DataAsked(Element, frozen=True):
    """A text of some type: 1 sponsored by, 2 description, 12 call to action, …"""

    type: Int | None = None
    len: Int | None = None
    ext: Ext = None


class AssetAsked(Element, frozen=True):
    """One part of the ad; exactly one of its kinds is set."""

    id: Int | None = None
    required: Flag | None = None
    title: TitleAsked | None = None
    img: ImageAsked | None = None
    video: Video | None = None
    data: DataAsked | None = None
    ext: Ext = None


class TrackerAsked(Element, frozen=True):
    """Which event may be told how; event 1 is an impression, method 1 a picture."""

    event: Int | None = None
    methods: list[Int] | None = None
    ext: Ext = None


class NativeRequest(Element, frozen=True):
    """What a place for a native ad asks for (section 4.1)."""

    ver: str | None = None
    layout: Int | None = None
    adunit: Int | None = None
    context: Int | None = None
    contextsubtype: Int | None = None
    plcmttype: Int | None = None
    plcmtcnt: Int | None = None
    seq: Int | None = None
    assets: list[AssetAsked] | None = None
    aurlsupport: Flag | None = None
    durlsupport: Flag | None = None
    eventtrackers: list[TrackerAsked] | None = None
    privacy: Flag | None = None
    ext: Ext = None


class Wrapped(Element, frozen=True):
    """A native request or ad within a member ``native``, as versions 1.0 and 1.1 write it."""

    native: NativeRequest | None = None


class Link(Element, frozen=True):
    """Where a click leads."""

    url: str | None = None
    clicktrackers: list[str] | None = None
    fallback: str | None = None
    ext: Ext = None


class Title(Element, frozen=True):
    """A title."""

    text: str | None = None
    len: Int | None = None
    ext: Ext = None


class Image(Element, frozen=True):
    """A picture."""

    type: Int | None = None
    url: str | None = None
    w: Int | None = None
    h: Int | None = None
    ext: Ext = None


class Text(Element, frozen=True):
    """A text."""

    type: Int | None = None
    len: Int | None = None
    value: str | None = None
    ext: Ext = None


class Vast(Element, frozen=True):
    """A video, as VAST."""

    vasttag: str | None = None
    ext: Ext = None


class Asset(Element, frozen=True):
    """One part of a native ad, under the id by which it was asked for."""

    id: Int | None = None
    required: Flag | None = None
    title: Title | None = None
    img: Image | None = None
    video: Vast | None = None
    data: Text | None = None
    link: Link | None = None
    ext: Ext = None


class Tracker(Element, frozen=True):
    """Where one event is told."""

    event: Int | None = None
    method: Int | None = None
    url: str | None = None
    ext: Ext = None


class NativeResponse(Element, frozen=True):
    """A native ad (section 5.1)."""

    ver: str | None = None
    assets: list[Asset] | None = None
    assetsurl: str | None = None
    dcourl: str | None = None
    link: Link | None = None
    imptrackers: list[str] | None = None
    jstracker: str | None = None
    eventtrackers: list[Tracker] | None = None
    privacy: str | None = None
    ext: Ext = None
