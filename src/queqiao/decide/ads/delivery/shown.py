"""What a page gets of a decision: what to show and where to tell of it, and nothing of prices."""

from typing import Literal

from msgspec import Struct

from queqiao.decide.ads.contracts import Campaign, Creative
from queqiao.decide.ads.creative_parts import ImageFile
from queqiao.decide.ads.hot_state import AdsSnapshot
from queqiao.decide.ads.inventory.document import Format
from queqiao.decide.ads.messages import Decision, Tracking
from queqiao.decide.ads.openrtb.terms import VideoFile

Reason = Literal["placement", "audience", "conditions", "house"]
"""Why an ad is shown, as its viewer may ask: it stands in this place; for groups that the viewer is
in; by the page, the place, the hour or the like; or it is the shop's own."""


class ShownImage(Struct, frozen=True, omit_defaults=True):
    """A picture; ``sources`` are the same one in other widths."""

    url: str
    width: int | None = None
    height: int | None = None
    sources: list[ImageFile] = []


class ShownAd(Struct, frozen=True, omit_defaults=True):
    """One ad. ``tracking`` are paths on the server that was asked."""

    decision_id: str
    placement: str
    slot: int
    kind: Literal["ad", "house"]
    format: Format
    title: str
    advertiser: str
    reasons: list[Reason]
    tracking: Tracking
    image: ShownImage | None = None
    video: VideoFile | None = None
    html: str | None = None
    sku: str | None = None


class ShownAds(Struct, frozen=True):
    """The ads, in the order of the places, and the places that stay empty."""

    ads: list[ShownAd]
    empty: list[str]


def shown(decision: Decision, hot: AdsSnapshot) -> ShownAd:
    """Return what a page may know of a decision."""
    creative = decision.creative
    campaign = hot.campaigns.get(decision.campaign_id)
    return ShownAd(
        decision_id=decision.decision_id,
        placement=decision.placement,
        slot=decision.slot,
        kind=decision.kind,
        format=_format(creative, hot, decision.placement),
        title=creative.title,
        advertiser=campaign.advertiser if campaign is not None else "",
        reasons=_reasons(campaign, decision.kind),
        tracking=decision.tracking,
        image=_image(creative),
        video=creative.video,
        html=creative.html,
        sku=creative.sku,
    )


def _format(creative: Creative, hot: AdsSnapshot, placement_id: str) -> Format:
    """Return the place's format; where it has none, the one that the creative is made for."""
    placement = hot.placements.get(placement_id)
    said = placement.document.format if placement is not None else None
    if said is not None:
        return said
    if creative.html is not None or (creative.image_url is not None and creative.sku is None):
        return "banner"
    if creative.video is not None:
        return "video"
    return "product_card" if creative.image_url is not None else "native"


def _reasons(campaign: Campaign | None, kind: Literal["ad", "house"]) -> list[Reason]:
    if kind == "house":
        return ["house"]
    found: list[Reason] = ["placement"]
    if campaign is not None and campaign.targeting.segments_any:
        found.append("audience")
    if campaign is not None and campaign.targeting.expression is not None:
        found.append("conditions")
    return found


def _image(creative: Creative) -> ShownImage | None:
    if creative.image_url is None:
        return None
    size = (creative.image_width, creative.image_height)
    return ShownImage(creative.image_url, *size, creative.image_sources)
