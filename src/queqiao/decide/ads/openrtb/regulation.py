"""What law and the way of the request say: regulations, transparency, the supply chain."""

from queqiao.decide.ads.openrtb.context import Element
from queqiao.decide.ads.openrtb.values import Ext, Flag, Int


class Transparency(Element, frozen=True):
    """Who used which of the user's data (DSA, article 26)."""

    domain: str | None = None
    dsaparams: list[Int] | None = None


class DsaRequest(Element, frozen=True):
    """What the Digital Services Act asks of an answer.

    ``dsarequired``: 0 no, 1 supported, 2 required, 3 required of a very large platform.
    """

    dsarequired: Int | None = None
    pubrender: Int | None = None
    datatopub: Int | None = None
    transparency: list[Transparency] | None = None


class RegsExt(Element, frozen=True):
    """Where 2.5 has its regulations, and those that never got another place.

    ``pipl_optout`` is ours: 1 says that the user turned personalised ads off, as article 24 of the
    Personal Information Protection Law (个人信息保护法) lets everyone do.
    """

    gdpr: Flag | None = None
    us_privacy: str | None = None
    gpp: str | None = None
    gpp_sid: list[Int] | None = None
    gpc: str | Flag | None = None
    dsa: DsaRequest | None = None
    pipl_optout: Flag | None = None


class Regs(Element, frozen=True):
    """The regulations that hold (section 3.2.3)."""

    coppa: Flag | None = None
    gdpr: Flag | None = None
    us_privacy: str | None = None
    gpp: str | None = None
    gpp_sid: list[Int] | None = None
    ext: RegsExt | None = None


class SupplyChainNode(Element, frozen=True):
    """One seller of the supply chain (3.2.26)."""

    asi: str | None = None
    sid: str | None = None
    rid: str | None = None
    name: str | None = None
    domain: str | None = None
    hp: Flag | None = None
    ext: Ext = None


class SupplyChain(Element, frozen=True):
    """Who sold the place on (3.2.25)."""

    complete: Flag | None = None
    nodes: list[SupplyChainNode] | None = None
    ver: str | None = None
    ext: Ext = None


class SourceExt(Element, frozen=True):
    """Where 2.5 has the supply chain."""

    schain: SupplyChain | None = None
    omidpn: str | None = None
    omidpv: str | None = None


class Source(Element, frozen=True):
    """Where the request comes from (3.2.2)."""

    fd: Flag | None = None
    tid: str | None = None
    pchain: str | None = None
    schain: SupplyChain | None = None
    ext: SourceExt | None = None
