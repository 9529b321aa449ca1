"""A native ad as JSON, version 1.2, with each asset under the id by which it was asked for."""

from collections.abc import Iterator

from queqiao.decide.ads.contracts import Creative
from queqiao.decide.ads.openrtb.fitting import (
    CALL_TO_ACTION,
    DEFAULT_PROTOCOL,
    DESCRIPTION,
    ICON,
    MAIN_PICTURE,
    SPONSORED,
    Fit,
)
from queqiao.decide.ads.openrtb.markup.links import Links
from queqiao.decide.ads.openrtb.markup.vast import vast
from queqiao.decide.ads.openrtb.native import (
    Asset,
    AssetAsked,
    DataAsked,
    Image,
    Link,
    NativeRequest,
    NativeResponse,
    Text,
    Title,
    Tracker,
    Vast,
)
from queqiao.kernel import json

VERSION = "1.2"
IMPRESSION, VIEW_HALF_A_SECOND = 1, 2
PICTURE = 1
"""Events (1: shown, 2: half in sight for a second), and the method of telling by a picture."""

CALL = "立即查看"


def native(creative: Creative, advertiser: str, links: Links, fit: Fit) -> str:
    """Return the ad as JSON text, within ``native`` when the request was."""
    asked = fit.native or NativeRequest()
    events = _events(asked)
    answer = NativeResponse(
        ver=VERSION,
        assets=list(_assets(asked, creative, advertiser, links)),
        link=Link(url=links.click),
        imptrackers=None if IMPRESSION in events else [links.impression],
        eventtrackers=_trackers(events, links) or None,
    )
    return json.encode({"native": answer} if fit.wrapped else answer).decode()


def _events(asked: NativeRequest) -> set[int]:
    """Return the events that may be told by a picture."""
    return {
        each.event
        for each in asked.eventtrackers or ()
        if each.event is not None and PICTURE in (each.methods or ())
    }


def _trackers(events: set[int], links: Links) -> list[Tracker]:
    known = ((IMPRESSION, links.impression), (VIEW_HALF_A_SECOND, links.view))
    return [
        Tracker(event=event, method=PICTURE, url=url) for event, url in known if event in events
    ]


def _assets(
    asked: NativeRequest, creative: Creative, advertiser: str, links: Links
) -> Iterator[Asset]:
    for asset in asked.assets or ():
        filled = _asset(asset, creative, advertiser, links)
        if filled is not None:
            yield filled


def _asset(asset: AssetAsked, creative: Creative, advertiser: str, links: Links) -> Asset | None:
    if asset.title is not None:
        text = creative.title[: asset.title.len or None]
        return Asset(id=asset.id, required=asset.required, title=Title(text=text, len=len(text)))
    if asset.img is not None and creative.image_url:
        kind = asset.img.type if asset.img.type in {ICON, MAIN_PICTURE} else None
        w, h = asset.img.w or asset.img.wmin, asset.img.h or asset.img.hmin
        image = Image(type=kind, url=creative.image_url, w=w or None, h=h or None)
        return Asset(id=asset.id, required=asset.required, img=image)
    if asset.data is not None:
        return _data(asset, asset.data, creative, advertiser)
    if asset.video is not None and creative.video is not None:
        tag = Vast(vasttag=vast(creative, creative.video, advertiser, links, DEFAULT_PROTOCOL))
        return Asset(id=asset.id, required=asset.required, video=tag)
    return None


def _data(asset: AssetAsked, data: DataAsked, creative: Creative, advertiser: str) -> Asset | None:
    texts = {SPONSORED: advertiser, DESCRIPTION: creative.title, CALL_TO_ACTION: CALL}
    text = texts.get(data.type or 0)
    if text is None:
        return None
    value = Text(type=data.type, value=text[: data.len or None])
    return Asset(id=asset.id, required=asset.required, data=value)
