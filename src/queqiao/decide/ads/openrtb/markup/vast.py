"""A stream as VAST, inline, in the newest version that a place reads (IAB Tech Lab, VAST 4.2)."""

from xml.sax.saxutils import escape, quoteattr

from queqiao.decide.ads.contracts import Creative
from queqiao.decide.ads.delivery.steps import PLACE, QUARTILES
from queqiao.decide.ads.openrtb.fitting import VAST_OF_PROTOCOL
from queqiao.decide.ads.openrtb.markup.links import Links
from queqiao.decide.ads.openrtb.terms import AudioFile, VideoFile


def vast(
    creative: Creative,
    file: VideoFile | AudioFile,
    advertiser: str,
    links: Links,
    protocol: int,
    *,
    skip_after_s: int | None = None,
) -> str:
    """Return the document. What only version 4 knows stands in no older one.

    ``skip_after_s``: from when on it may be skipped, None for never.
    """
    version = VAST_OF_PROTOCOL[protocol]
    inside = _in_4 if version.startswith("4") else _in_older
    skip = f' skipoffset="{_length(skip_after_s)}"' if skip_after_s and version > "2.0" else ""
    body = inside(version, creative, file, advertiser, links).replace("<Linear>", f"<Linear{skip}>")
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><VAST version="{version}">'
        f"<Ad id={quoteattr(creative.id)}><InLine><AdSystem>queqiao</AdSystem>"
        f"{body}</InLine></Ad></VAST>"
    )


def _in_4(
    version: str, creative: Creative, file: VideoFile | AudioFile, advertiser: str, links: Links
) -> str:
    """Return the parts in the order of the schema of version 4."""
    serving = f"<AdServingId>{escape(links.serving_id)}</AdServingId>" if version > "4.0" else ""
    value = ' idValue="unknown"' if version == "4.0" else ""
    return (
        f"{_error(links)}<Impression>{_text(links.impression)}</Impression>"
        f"<ViewableImpression><Viewable>{_text(links.view)}</Viewable></ViewableImpression>"
        f"{serving}<AdTitle>{_text(creative.title)}</AdTitle>"
        f"<Advertiser>{_text(advertiser)}</Advertiser>"
        f"<Creatives><Creative id={quoteattr(creative.id)}>"
        f"<Linear>{_steps(links)}<Duration>{_length(file.duration_s)}</Duration>"
        f"{_files(file)}{_clicks(links)}"
        f'</Linear><UniversalAdId idRegistry="unknown"{value}>unknown</UniversalAdId>'
        "</Creative></Creatives>"
    )


def _in_older(
    version: str, creative: Creative, file: VideoFile | AudioFile, advertiser: str, links: Links
) -> str:
    """Return the parts in the order of the schemas of versions 2 and 3."""
    by = f"<Advertiser>{_text(advertiser)}</Advertiser>" if version == "3.0" else ""
    return (
        f"<AdTitle>{_text(creative.title)}</AdTitle>{by}{_error(links)}"
        f"<Impression>{_text(links.impression)}</Impression>"
        f"<Creatives><Creative id={quoteattr(creative.id)}>"
        f"<Linear><Duration>{_length(file.duration_s)}</Duration>{_steps(links, version)}"
        f"{_clicks(links)}{_files(file)}"
        "</Linear></Creative></Creatives>"
    )


def _error(links: Links) -> str:
    """Return where a player tells why it showed nothing, by its code."""
    return f"<Error>{_text(links.step.replace(PLACE, 'error') + '?code=[ERRORCODE]')}</Error>"


def _steps(links: Links, version: str = "4.2") -> str:
    """Return where the steps of the video are told; version 2 knows none of skipping."""
    steps = [each for each in QUARTILES if each != "skip" or version > "2.0"]
    told = (
        f'<Tracking event="{each}">{_text(links.step.replace(PLACE, each))}</Tracking>'
        for each in steps
    )
    return f"<TrackingEvents>{''.join(told)}</TrackingEvents>"


def _clicks(links: Links) -> str:
    return f"<VideoClicks><ClickThrough>{_text(links.click)}</ClickThrough></VideoClicks>"


def _files(file: VideoFile | AudioFile) -> str:
    width, height = (file.width, file.height) if isinstance(file, VideoFile) else (0, 0)
    rate = f' bitrate="{file.bitrate_kbps}"' if file.bitrate_kbps else ""
    return (
        f'<MediaFiles><MediaFile delivery="progressive" type={quoteattr(file.mime)} '
        f'width="{width}" height="{height}"{rate}>{_text(file.url)}</MediaFile></MediaFiles>'
    )


def _text(text: str) -> str:
    """Return a text that XML reads as it is."""
    return "<![CDATA[" + text.replace("]]>", "]]]]><![CDATA[>") + "]]>"


def _length(duration_s: int) -> str:
    minutes, seconds = divmod(duration_s, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}"
