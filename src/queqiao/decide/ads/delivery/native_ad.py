"""A native ad for apps and mini-programs: our decision as OpenRTB Native 1.2, with every asset."""

from queqiao.decide.ads.delivery.video_ad import links_of
from queqiao.decide.ads.messages import Decision
from queqiao.decide.ads.openrtb.answering import whole
from queqiao.decide.ads.openrtb.fitting import (
    CALL_TO_ACTION,
    DESCRIPTION,
    MAIN_PICTURE,
    SPONSORED,
    Fit,
)
from queqiao.decide.ads.openrtb.markup.native import (
    IMPRESSION,
    PICTURE,
    VIEW_HALF_A_SECOND,
    native,
)
from queqiao.decide.ads.openrtb.native import (
    AssetAsked,
    DataAsked,
    ImageAsked,
    NativeRequest,
    TitleAsked,
    TrackerAsked,
)
from queqiao.decide.ads.openrtb.request import Video
from queqiao.decide.ads.openrtb.response import MediaType

ASSETS = {"title": 1, "picture": 2, "sponsored": 3, "description": 4, "call": 5, "video": 6}
"""Under which id each asset is answered; those that the creative has not are left out."""

_EVERYTHING = NativeRequest(
    assets=[
        AssetAsked(id=ASSETS["title"], title=TitleAsked()),
        AssetAsked(id=ASSETS["picture"], img=ImageAsked(type=MAIN_PICTURE)),
        AssetAsked(id=ASSETS["sponsored"], data=DataAsked(type=SPONSORED)),
        AssetAsked(id=ASSETS["description"], data=DataAsked(type=DESCRIPTION)),
        AssetAsked(id=ASSETS["call"], data=DataAsked(type=CALL_TO_ACTION)),
        AssetAsked(id=ASSETS["video"], video=Video()),
    ],
    eventtrackers=[
        TrackerAsked(event=event, methods=[PICTURE]) for event in (IMPRESSION, VIEW_HALF_A_SECOND)
    ],
)


def native_ad(decision: Decision, advertiser: str, base_url: str) -> str:
    """Return the ad as JSON text."""
    fit = Fit(MediaType.NATIVE, native=_EVERYTHING)
    creative = whole(decision.creative, base_url)
    return native(creative, advertiser, links_of(decision, base_url), fit)
