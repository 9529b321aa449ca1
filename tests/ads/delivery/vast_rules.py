"""What VAST 4.2 asks of an inline linear ad (IAB Tech Lab, VAST 4.2, sections 2 and 3).

The elements and their order are those of the published schema; of the values, what players stumble
over. The schema itself is not kept here.
"""

import re
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

IN_LINE = ["AdSystem", "Error", "Extensions", "Impression", "Pricing", "ViewableImpression",
           "AdServingId", "AdTitle", "AdVerifications", "Advertiser", "Category", "Creatives",
           "Description", "Expires", "Survey"]  # fmt: skip
LINEAR = ["Icons", "TrackingEvents", "AdParameters", "Duration", "MediaFiles", "VideoClicks"]
CREATIVE = ["CompanionAds", "CreativeExtensions", "Linear", "NonLinearAds", "UniversalAdId"]
EVENTS = {"start", "firstQuartile", "midpoint", "thirdQuartile", "complete", "skip", "mute",
          "unmute", "pause", "resume", "rewind", "progress", "loaded", "closeLinear"}  # fmt: skip
TIME = re.compile(r"\d\d:[0-5]\d:[0-5]\d(\.\d\d\d)?")


def problems(text: str) -> list[str]:
    """Return what is wrong with a document; nothing when a player may play it."""
    root = ET.fromstring(text)
    if root.tag != "VAST" or root.get("version") != "4.2":
        return ["no VAST 4.2"]
    ads = root.findall("Ad")
    return [wrong for ad in ads for wrong in _of_ad(ad)]


def _of_ad(ad: ET.Element) -> list[str]:
    inline = ad.find("InLine")
    if inline is None or not ad.get("id"):
        return ["an ad has an id and an InLine"]
    wrong = _order(inline, IN_LINE)
    for needed in ("AdSystem", "Impression", "AdServingId", "AdTitle", "Creatives"):
        if not (inline.findtext(needed) or len(inline.findall(f"{needed}/*"))):
            wrong.append(f"{needed} is missing or empty")
    for creative in inline.findall("Creatives/Creative"):
        wrong += _order(creative, CREATIVE) + _of_creative(creative)
    wrong += [
        f"{one.tag} is no whole address"
        for one in inline.iter()
        if one.tag in {"Error", "Impression", "Viewable", "Tracking", "MediaFile", "ClickThrough"}
        and not _is_address(one.text or "")
    ]
    error = inline.findtext("Error")
    if error is not None and "[ERRORCODE]" not in error:
        wrong.append("Error tells no code")
    return wrong


def _of_creative(creative: ET.Element) -> list[str]:
    wrong = []
    universal = creative.find("UniversalAdId")
    if universal is None or not universal.get("idRegistry") or not universal.text:
        wrong.append("UniversalAdId needs a registry and a value")
    linear = creative.find("Linear")
    if linear is None:
        return [*wrong, "no Linear"]
    wrong += _order(linear, LINEAR)
    length, skip = linear.findtext("Duration") or "", linear.get("skipoffset")
    if not TIME.fullmatch(length):
        wrong.append("Duration is no time")
    if skip is not None and not (TIME.fullmatch(skip) and skip < length):
        wrong.append("skipoffset lies outside the video")
    files = linear.findall("MediaFiles/MediaFile")
    needed = ("delivery", "type", "width", "height")
    if not files or any(not one.get(name) for one in files for name in needed):
        wrong.append("a MediaFile needs delivery, type, width and height")
    told = [one.get("event") for one in linear.findall("TrackingEvents/Tracking")]
    if not set(told) <= EVENTS or len(told) != len(set(told)):
        wrong.append("an event of TrackingEvents is unknown or stands twice")
    return wrong


def _order(element: ET.Element, names: list[str]) -> list[str]:
    tags = [one.tag for one in element]
    unknown = [f"{tag} does not belong in {element.tag}" for tag in tags if tag not in names]
    places = [names.index(tag) for tag in tags if tag in names]
    return unknown + ([f"{element.tag} is out of order"] if places != sorted(places) else [])


def _is_address(text: str) -> bool:
    parts = urlsplit(text.strip())
    return parts.scheme in {"http", "https"} and bool(parts.netloc)
