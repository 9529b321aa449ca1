"""Whether and how a creative fits an impression: in which media, of which size and length."""

from collections.abc import Iterator

from msgspec import Struct

from queqiao.decide.ads.contracts import Creative
from queqiao.decide.ads.openrtb.check_native import parse
from queqiao.decide.ads.openrtb.native import AssetAsked, NativeRequest
from queqiao.decide.ads.openrtb.request import Banner, Imp, Stream, Video
from queqiao.decide.ads.openrtb.response import MediaType
from queqiao.decide.ads.openrtb.terms import AudioFile, VideoFile

TEXT_AD, PICTURE_AD = 1, 2
"""Types of banners (``btype``)."""

VAST_OF_PROTOCOL = {2: "2.0", 3: "3.0", 7: "4.0", 11: "4.1", 13: "4.2"}
"""Versions of VAST, inline, by the number that OpenRTB has for them."""

DEFAULT_PROTOCOL = 13
LINEAR = 1
ICON, MAIN_PICTURE = 1, 3
SPONSORED, DESCRIPTION, CALL_TO_ACTION = 1, 2, 12
KNOWN_DATA = (SPONSORED, DESCRIPTION, CALL_TO_ACTION)


class Fit(Struct, frozen=True):
    """How a creative would stand there. ``protocol`` is of VAST, ``native`` what is asked for."""

    media: MediaType
    w: int | None = None
    h: int | None = None
    protocol: int | None = None
    native: NativeRequest | None = None
    wrapped: bool = False


def fits(imp: Imp, creative: Creative) -> Iterator[Fit]:
    """Yield the ways in which a creative fits, the richest first."""
    if imp.video is not None and creative.video is not None:
        protocol = _stream(imp.video, creative.video)
        if protocol is not None and _linear(imp.video):
            yield Fit(MediaType.VIDEO, creative.video.width, creative.video.height, protocol)
    if imp.native is not None and imp.native.request:
        asked, wrapped = parse(imp.native.request)
        if all(_can_fill(asset, creative) for asset in asked.assets or () if asset.required):
            yield Fit(MediaType.NATIVE, native=asked, wrapped=wrapped)
    if imp.banner is not None and _banner(imp.banner, creative):
        width, height = _size(imp.banner)
        yield Fit(MediaType.BANNER, width, height)
    if imp.audio is not None and creative.audio is not None:
        protocol = _stream(imp.audio, creative.audio)
        if protocol is not None:
            yield Fit(MediaType.AUDIO, protocol=protocol)


def _linear(video: Video) -> bool:
    return video.linearity in {None, LINEAR}


def _stream(place: Stream, file: VideoFile | AudioFile) -> int | None:
    """Return the newest VAST that the place reads, or None when the file does not fit it."""
    if file.mime not in (place.mimes or ()) or not _fits_length(place, file.duration_s):
        return None
    rate = file.bitrate_kbps
    if rate is not None and not (place.minbitrate or 0) <= rate <= (place.maxbitrate or rate):
        return None
    known = [each for each in place.protocols or () if each in VAST_OF_PROTOCOL]
    if place.protocols and not known:
        return None
    return max(known, default=DEFAULT_PROTOCOL)


def _fits_length(place: Stream, duration_s: int) -> bool:
    if place.rqddurs:
        return duration_s in place.rqddurs
    return (place.minduration or 0) <= duration_s <= (place.maxduration or duration_s)


def _banner(banner: Banner, creative: Creative) -> bool:
    kind = PICTURE_AD if creative.image_url else TEXT_AD
    return kind not in (banner.btype or ()) and _reads_html(banner.mimes)


def _reads_html(mimes: list[str] | None) -> bool:
    """Say whether a place shows HTML; one that names pictures only shows them within it."""
    return not mimes or any(each == "text/html" or each.startswith("image/") for each in mimes)


def _size(banner: Banner) -> tuple[int | None, int | None]:
    """Return the first size that is asked for; the markup fills whatever size it gets."""
    for size in banner.format or ():
        if size.w and size.h:
            return size.w, size.h
        if size.wmin and size.wratio and size.hratio:
            return size.wmin, max(1, size.wmin * size.hratio // size.wratio)
    return banner.w or None, banner.h or None


def _can_fill(asset: AssetAsked, creative: Creative) -> bool:
    if asset.title is not None:
        return True
    if asset.img is not None:
        return creative.image_url is not None
    if asset.data is not None:
        return asset.data.type in KNOWN_DATA
    return asset.video is not None and _fills_video(asset.video, creative)


def _fills_video(video: Video, creative: Creative) -> bool:
    return creative.video is not None and _stream(video, creative.video) is not None
