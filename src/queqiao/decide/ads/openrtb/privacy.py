"""What of a request may be used, decided in one place and applied before anything is matched.

| signal | what it takes away |
|---|---|
| COPPA | ids, segments, exact place |
| LMT, DNT | ids and segments, exact place |
| GDPR (TCF v2, in ``regs`` or in GPP) | what the user gave our vendor id no consent for |
| US privacy, GPP US national, GPC opt-out | ids, segments, exact place |
| PIPL opt-out (``regs.ext.pipl_optout``) | ids and segments |

A law that is in force while its string is missing or cannot be read allows nothing. Ads that fit
the page and not the person may be shown in any of these cases.
"""

from collections.abc import Iterator
from ipaddress import ip_address

from msgspec import Struct
from msgspec.structs import replace

from queqiao.decide.ads.openrtb import gpp
from queqiao.decide.ads.openrtb.context import Device, Geo, User
from queqiao.decide.ads.openrtb.regulation import Regs
from queqiao.decide.ads.openrtb.request import BidRequest
from queqiao.decide.ads.openrtb.tcf import read_tcf

STORE, PROFILE_ADS = 1, 4
"""Purposes of TCF: to store and read on the device, and to choose ads by a profile."""

EXACT_PLACE = 1
"""The special feature of TCF: to use exact geolocation data."""

DEGREES_KEPT = 1
"""Decimals of a degree that stay of a place that may not be exact: about 11 km."""

_NOTHING = ("identifiers", "segments", "exact_place")


class Permits(Struct, frozen=True):
    """What may be used of a request; ``signals`` names what took something away."""

    identifiers: bool = True
    segments: bool = True
    exact_place: bool = True
    signals: tuple[str, ...] = ()


EVERYTHING = Permits()


def permits(request: BidRequest, vendor_id: int) -> Permits:
    """Return what may be used; ``vendor_id`` is ours in the TCF's list, 0 when we are not in it."""
    lost: set[str] = set()
    signals = []
    for signal, taken in _taken(request, vendor_id):
        if taken:
            signals.append(signal)
            lost.update(taken)
    if not lost:
        return EVERYTHING
    return Permits(
        identifiers="identifiers" not in lost,
        segments="segments" not in lost,
        exact_place="exact_place" not in lost,
        signals=tuple(signals),
    )


def _taken(request: BidRequest, vendor_id: int) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each signal with what it takes away."""
    device, regs = request.device, request.regs
    if device is not None and device.lmt:
        yield "lmt", _NOTHING
    if device is not None and device.dnt:
        yield "dnt", _NOTHING
    if regs is None:
        return
    if regs.coppa:
        yield "coppa", _NOTHING
    ext = regs.ext
    if ext is not None and ext.pipl_optout:
        yield "pipl", ("identifiers", "segments")
    if ext is not None and ext.gpc in {"1", 1}:
        yield "gpc", _NOTHING
    consent = request.user.consent if request.user is not None else None
    yield from _laws(regs, consent, vendor_id)


def _laws(regs: Regs, consent: str | None, vendor_id: int) -> Iterator[tuple[str, tuple[str, ...]]]:
    sections = gpp.sections_of(regs.gpp) if regs.gpp else None
    in_force = [section for section in regs.gpp_sid or () if section > 0]
    texts = sections or {}
    if regs.gdpr or gpp.EU in in_force:
        yield "gdpr", _taken_by_gdpr(consent or texts.get(gpp.EU, ""), vendor_id)
    if regs.us_privacy and gpp.us_privacy_opted_out(regs.us_privacy) is not False:
        yield "us_privacy", _NOTHING
    for section in in_force:
        if section != gpp.EU and _opted_out(section, texts.get(section)):
            yield f"gpp_{section}", _NOTHING


def _opted_out(section: int, text: str | None) -> bool:
    """Say whether a section of GPP takes everything away; one that we cannot read does."""
    if text is not None and section == gpp.US_PRIVACY:
        return gpp.us_privacy_opted_out(text) is not False
    if text is not None and section == gpp.US_NATIONAL:
        choices = gpp.read_us_national(text)
        return choices is None or choices.opted_out
    return True


def _taken_by_gdpr(consent: str, vendor_id: int) -> tuple[str, ...]:
    said = read_tcf(consent) if consent and vendor_id else None
    if said is None or not said.allows(vendor_id, STORE):
        return _NOTHING
    allowed = {
        "segments": said.allows(vendor_id, PROFILE_ADS),
        "exact_place": EXACT_PLACE in said.special_features,
    }
    return tuple(name for name, is_allowed in allowed.items() if not is_allowed)


def applied(request: BidRequest, allowed: Permits) -> BidRequest:
    """Return the request without what may not be used."""
    if allowed is EVERYTHING:
        return request
    user, device = request.user, request.device
    if user is not None:
        user = _user(user, allowed)
    if device is not None:
        device = _device(device, allowed)
    return replace(request, user=user, device=device)


def _user(user: User, allowed: Permits) -> User:
    if not allowed.identifiers:
        user = replace(user, id=None, buyeruid=None, eids=None, customdata=None, ext=None)
    if not allowed.segments:
        user = replace(user, data=None, keywords=None, kwarray=None, yob=None, gender=None)
    if not allowed.exact_place and user.geo is not None:
        user = replace(user, geo=_coarse(user.geo))
    return user


_DEVICE_IDS = ("ifa", "didsha1", "didmd5", "dpidsha1", "dpidmd5", "macsha1", "macmd5")


def _device(device: Device, allowed: Permits) -> Device:
    if not allowed.identifiers:
        gone = dict.fromkeys(_DEVICE_IDS)
        ip, ipv6 = _network(device.ip), _network(device.ipv6)
        device = replace(device, **gone, ext=None, ip=ip, ipv6=ipv6)
    if not allowed.exact_place and device.geo is not None:
        device = replace(device, geo=_coarse(device.geo))
    return device


def _coarse(geo: Geo) -> Geo:
    lat = None if geo.lat is None else round(geo.lat, DEGREES_KEPT)
    lon = None if geo.lon is None else round(geo.lon, DEGREES_KEPT)
    return replace(geo, lat=lat, lon=lon, zip=None, accuracy=None, ext=None)


def _network(address: str | None) -> str | None:
    """Return an address without its last part: 8 bits of IPv4, 80 of IPv6."""
    if not address:
        return None
    try:
        known = ip_address(address)
    except ValueError:
        return None
    rest = 8 if known.version == 4 else 80
    return str(type(known)(int(known) >> rest << rest))
