"""A video ad for players: our decision as VAST 4.2 (IAB Tech Lab), inline and linear.

``ClickThrough`` is our own address, which counts the click and leads on, so there is no
``ClickTracking`` beside it: it would tell the same click twice.
"""

from queqiao.decide.ads.messages import Decision
from queqiao.decide.ads.openrtb.answering import whole
from queqiao.decide.ads.openrtb.fitting import DEFAULT_PROTOCOL
from queqiao.decide.ads.openrtb.markup.links import Links
from queqiao.decide.ads.openrtb.markup.vast import vast

EMPTY_VAST = '<?xml version="1.0" encoding="UTF-8"?><VAST version="4.2"></VAST>'
"""No ad (section 2.3.3): a player goes on with what it was about to show."""

SKIP_AFTER_S = 5
"""From when on a longer video may be skipped."""


def links_of(decision: Decision, base_url: str) -> Links:
    """Return where a decision tells what became of its ad, as whole addresses."""
    paths = decision.tracking
    return Links(
        base_url + paths.impression,
        base_url + paths.view,
        base_url + paths.click,
        base_url + paths.step,
        decision.decision_id,
    )


def video_ad(decision: Decision, advertiser: str, base_url: str) -> str | None:
    """Return the document, None when the creative has no video."""
    creative = whole(decision.creative, base_url)
    if creative.video is None:
        return None
    links = links_of(decision, base_url)
    skip_after_s = SKIP_AFTER_S if creative.video.duration_s > SKIP_AFTER_S else None
    return vast(
        creative, creative.video, advertiser, links, DEFAULT_PROTOCOL, skip_after_s=skip_after_s
    )
