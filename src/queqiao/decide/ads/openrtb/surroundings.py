"""What a request tells, in the words of campaigns' expressions (``targeting/fields.py``)."""

from collections.abc import Collection
from typing import Any

from queqiao.decide.ads.openrtb.context import Device, Geo
from queqiao.decide.ads.openrtb.request import BidRequest
from queqiao.decide.ads.openrtb.shelf import OFF_SITE
from queqiao.decide.ads.targeting.situation import Situation, situation

DEVICE_TYPES = {1: "mobile", 2: "desktop", 3: "tv", 4: "mobile", 5: "tablet", 6: "tv", 7: "tv"}
"""Types of devices (AdCOM, Device Types): phones and tablets, computers, television."""

TEXT_MAX, KEYWORDS_MAX = 200, 100


def surroundings(request: BidRequest, segments: Collection[str], now_us: int) -> Situation:
    """Return the situation. A text that is too long is cut; the country is in ISO 3166 alpha-3."""
    device = request.device
    told: dict[str, Any] = {"channel": OFF_SITE, "segments": list(segments)}
    if device is not None:
        told["device"] = _device(device)
        if device.geo is not None:
            told["geo"] = _geo(device.geo)
    keywords = _keywords(request)
    if keywords:
        told["keywords"] = keywords
    return situation(told, now_us, "request")


def _device(device: Device) -> dict[str, str]:
    told = {
        "type": DEVICE_TYPES.get(device.devicetype or 0),
        "os": device.os and device.os.lower(),
        "language": device.language or device.langb,
    }
    return {name: text[:TEXT_MAX] for name, text in told.items() if text}


def _geo(geo: Geo) -> dict[str, Any]:
    names = {"country": geo.country, "region": geo.region, "city": geo.city}
    told: dict[str, Any] = {name: text[:TEXT_MAX] for name, text in names.items() if text}
    if geo.lat is not None and geo.lon is not None:
        told |= {"lat": geo.lat, "lon": geo.lon}
    return told


def _keywords(request: BidRequest) -> list[str]:
    outlet = request.site or request.app or request.dooh
    said = outlet.keywords if outlet is not None else None
    words = [word.strip()[:TEXT_MAX] for word in (said or "").split(",")[:KEYWORDS_MAX]]
    if request.site is not None and request.site.search:
        words.append(request.site.search[:TEXT_MAX])
    return [word for word in words if word]
