"""Where an ad would stand, and who would see it: site, app, screen, device, user."""

from msgspec import Struct

from queqiao.decide.ads.openrtb.values import Ext, Flag, Int


class Element(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Any object of OpenRTB 2.6. Fields that it does not know are read over, never refused."""


class Publisher(Element, frozen=True):
    """Who publishes the site, app or screen (section 3.2.15)."""

    id: str | None = None
    name: str | None = None
    cattax: Int | None = None
    cat: list[str] | None = None
    domain: str | None = None
    ext: Ext = None


class Segment(Element, frozen=True):
    """One segment of a data provider (3.2.22)."""

    id: str | None = None
    name: str | None = None
    value: str | None = None
    ext: Ext = None


class Data(Element, frozen=True):
    """What one provider says of the user or the content (3.2.21)."""

    id: str | None = None
    name: str | None = None
    segment: list[Segment] | None = None
    ext: Ext = None


class Network(Element, frozen=True):
    """The network that a content runs on (3.2.23), or its channel (3.2.24)."""

    id: str | None = None
    name: str | None = None
    domain: str | None = None
    ext: Ext = None


class Producer(Publisher, frozen=True):
    """Who made a content (3.2.17)."""


class Content(Element, frozen=True):
    """What the ad would stand beside (3.2.16)."""

    id: str | None = None
    episode: Int | None = None
    title: str | None = None
    series: str | None = None
    season: str | None = None
    artist: str | None = None
    genre: str | None = None
    gtax: Int | None = None
    genres: list[Int | str] | None = None
    album: str | None = None
    isrc: str | None = None
    producer: Producer | None = None
    url: str | None = None
    cattax: Int | None = None
    cat: list[str] | None = None
    prodq: Int | None = None
    context: Int | None = None
    contentrating: str | None = None
    userrating: str | None = None
    qagmediarating: Int | None = None
    keywords: str | None = None
    kwarray: list[str] | None = None
    livestream: Flag | None = None
    sourcerelationship: Flag | None = None
    len: Int | None = None
    language: str | None = None
    langb: str | None = None
    embeddable: Flag | None = None
    data: list[Data] | None = None
    network: Network | None = None
    channel: Network | None = None
    videoquality: Int | None = None
    ext: Ext = None


class Outlet(Element, frozen=True):
    """What sites and apps have in common."""

    id: str | None = None
    name: str | None = None
    domain: str | None = None
    cattax: Int | None = None
    cat: list[str] | None = None
    sectioncat: list[str] | None = None
    pagecat: list[str] | None = None
    privacypolicy: Flag | None = None
    publisher: Publisher | None = None
    content: Content | None = None
    keywords: str | None = None
    kwarray: list[str] | None = None
    inventorypartnerdomain: str | None = None
    ext: Ext = None


class Site(Outlet, frozen=True):
    """A web site (3.2.13)."""

    page: str | None = None
    ref: str | None = None
    search: str | None = None
    mobile: Flag | None = None


class App(Outlet, frozen=True):
    """An app (3.2.14)."""

    bundle: str | None = None
    storeurl: str | None = None
    ver: str | None = None
    paid: Flag | None = None


class Dooh(Element, frozen=True):
    """A screen out of home (3.2.31)."""

    id: str | None = None
    name: str | None = None
    venuetype: list[str] | None = None
    venuetypetax: Int | None = None
    publisher: Publisher | None = None
    domain: str | None = None
    keywords: str | None = None
    content: Content | None = None
    ext: Ext = None


class Geo(Element, frozen=True):
    """A place: of the device, or the home of the user (3.2.19)."""

    lat: float | None = None
    lon: float | None = None
    type: Int | None = None
    accuracy: Int | None = None
    lastfix: Int | None = None
    ipservice: Int | None = None
    country: str | None = None
    region: str | None = None
    regionfips104: str | None = None
    metro: str | None = None
    city: str | None = None
    zip: str | None = None
    utcoffset: Int | None = None
    ext: Ext = None


class BrandVersion(Element, frozen=True):
    """A browser or platform with its version (3.2.30)."""

    brand: str | None = None
    version: list[str] | None = None
    ext: Ext = None


class UserAgent(Element, frozen=True):
    """The client hints of a browser (3.2.29)."""

    browsers: list[BrandVersion] | None = None
    platform: BrandVersion | None = None
    mobile: Flag | None = None
    architecture: str | None = None
    bitness: str | None = None
    model: str | None = None
    source: Int | None = None
    ext: Ext = None


class Device(Element, frozen=True):
    """The device (3.2.18). ``lmt`` and ``dnt`` ask not to be followed."""

    geo: Geo | None = None
    dnt: Flag | None = None
    lmt: Flag | None = None
    ua: str | None = None
    sua: UserAgent | None = None
    ip: str | None = None
    ipv6: str | None = None
    devicetype: Int | None = None
    make: str | None = None
    model: str | None = None
    os: str | None = None
    osv: str | None = None
    hwv: str | None = None
    h: Int | None = None
    w: Int | None = None
    ppi: Int | None = None
    pxratio: float | None = None
    js: Flag | None = None
    geofetch: Flag | None = None
    flashver: str | None = None
    language: str | None = None
    langb: str | None = None
    carrier: str | None = None
    mccmnc: str | None = None
    connectiontype: Int | None = None
    ifa: str | None = None
    didsha1: str | None = None
    didmd5: str | None = None
    dpidsha1: str | None = None
    dpidmd5: str | None = None
    macsha1: str | None = None
    macmd5: str | None = None
    ext: Ext = None


class UID(Element, frozen=True):
    """One id of a user at one source (3.2.28)."""

    id: str | None = None
    atype: Int | None = None
    ext: Ext = None


class EID(Element, frozen=True):
    """The ids of a user at one source (3.2.27)."""

    inserter: str | None = None
    source: str | None = None
    matcher: str | None = None
    mm: Int | None = None
    uids: list[UID] | None = None
    ext: Ext = None


class UserExt(Element, frozen=True):
    """Where 2.5 has the consent string and the ids, and our own opt-out."""

    consent: str | None = None
    eids: list[EID] | None = None


class User(Element, frozen=True):
    """The user (3.2.20). ``buyeruid`` is the id by which we know them; ``id`` is the exchange's."""

    id: str | None = None
    buyeruid: str | None = None
    yob: Int | None = None
    gender: str | None = None
    keywords: str | None = None
    kwarray: list[str] | None = None
    customdata: str | None = None
    geo: Geo | None = None
    data: list[Data] | None = None
    consent: str | None = None
    eids: list[EID] | None = None
    ext: UserExt | None = None
