"""What an impression must say, whatever its kind of media. Rules as Prebid Server has them."""

from queqiao.decide.ads.openrtb.check_native import check_native
from queqiao.decide.ads.openrtb.faults import EMPTY, Faults
from queqiao.decide.ads.openrtb.request import Audio, Banner, Deal, Format, Imp, Stream, Video
from queqiao.kernel.errors import Message

_NO_MEDIA = Message(
    "至少要有 banner、video、audio、native 之一",
    'must contain at least one of "banner", "video", "audio", or "native"',
)
_NO_SIZES = Message(
    "没有尺寸：请写 w 和 h，或写 format", 'has no sizes. Define "w" and "h", or include "format"'
)
_SIZE_OR_RATIO = Message(
    "要么写正的 w 和 h，要么写正的 wmin、wratio 和 hratio，二者只能居其一",
    "should define *either* {w, h} *or* {wmin, wratio, hratio}, each a positive number",
)
_POSITIVE = Message("须为正数", "must be a positive number")
_MIMES = Message("至少要有一种 MIME 类型", "must contain at least one supported MIME type")
_MAX_BELOW_MIN = Message("不能小于最小值", "must not be less than the minimum")
_LINEARITY = Message("须为 1（线性）或 2（非线性）", "must be 1 (linear) or 2 (non-linear)")
_AT = Message(
    "须为 1（第一价）、2（第二价）、3（议定价）或大于 500 的自定值",
    "must be 1 (first price), 2 (second price), 3 (the agreed price) or above 500",
)
_RQDDURS = Message(
    "不能与 minduration、maxduration 同用",
    "must not be used together with minduration or maxduration",
)

_STREAM = ("minduration", "maxduration", "minbitrate", "maxbitrate", "sequence", "maxseq", "poddur")
_VIDEO = ("w", "h", "skipmin", "skipafter")
AUCTION_TYPES = (1, 2, 3)


def check_imp(faults: Faults, path: str, imp: Imp) -> None:
    """Note what is wrong with one impression; its id is looked at where all are seen."""
    if imp.banner is None and imp.video is None and imp.audio is None and imp.native is None:
        faults.add(path, _NO_MEDIA)
    if imp.banner is not None:
        _banner(faults, f"{path}.banner", imp.banner, bool(imp.instl))
    if imp.video is not None:
        _video(faults, f"{path}.video", imp.video)
    if imp.audio is not None:
        _stream(faults, f"{path}.audio", imp.audio)
    if imp.native is not None:
        check_native(faults, f"{path}.native.request", imp.native)
    faults.not_negative(path, imp, ("bidfloor", "exp"))
    faults.known_currency(f"{path}.bidfloorcur", imp.bidfloorcur)
    if imp.pmp is not None and imp.pmp.deals:
        faults.unique(f"{path}.pmp.deals[{{}}].id", (deal.id for deal in imp.pmp.deals))
        for number, deal in enumerate(imp.pmp.deals):
            _deal(faults, f"{path}.pmp.deals[{number}]", deal)


def _banner(faults: Faults, path: str, banner: Banner, full_screen: bool) -> None:
    faults.not_negative(path, banner, ("w", "h"))
    for number, size in enumerate(banner.format or ()):
        _format(faults, f"{path}.format[{number}]", size)
    if not banner.format and not full_screen:
        if banner.w is None and banner.h is None:
            faults.add(path, _NO_SIZES)
        elif not banner.w or not banner.h:
            faults.add(f"{path}.{'h' if banner.w else 'w'}", _POSITIVE)


def _format(faults: Faults, path: str, size: Format) -> None:
    fixed, flexible = (size.w, size.h), (size.wmin, size.wratio, size.hratio)
    names = ("w", "h", "wmin", "wratio", "hratio")
    wrong = [
        name
        for name, value in zip(names, fixed + flexible, strict=True)
        if value is not None and value <= 0
    ]
    for name in wrong:
        faults.add(f"{path}.{name}", _POSITIVE)
    if not wrong and any(fixed) + any(flexible) != 1:
        faults.add(path, _SIZE_OR_RATIO)
    elif not wrong:
        asked = ("w", "h") if any(fixed) else ("wmin", "wratio", "hratio")
        for name in asked:
            if getattr(size, name) is None:
                faults.add(f"{path}.{name}", _POSITIVE)


def _video(faults: Faults, path: str, video: Video) -> None:
    _stream(faults, path, video)
    faults.not_negative(path, video, _VIDEO)
    if video.linearity not in {None, 1, 2}:
        faults.add(f"{path}.linearity", _LINEARITY)
    for number, banner in enumerate(video.companionad or ()):
        _banner(faults, f"{path}.companionad[{number}]", banner, full_screen=False)


def _stream(faults: Faults, path: str, stream: Video | Audio) -> None:
    if not stream.mimes:
        faults.add(f"{path}.mimes", _MIMES)
    faults.texts(f"{path}.mimes", stream.mimes)
    faults.not_negative(path, stream, _STREAM)
    _span(faults, path, stream, ("minduration", "maxduration"))
    _span(faults, path, stream, ("minbitrate", "maxbitrate"))
    if stream.protocols is not None and not stream.protocols:
        faults.add(f"{path}.protocols", EMPTY)
    if stream.rqddurs and (stream.minduration or stream.maxduration):
        faults.add(f"{path}.rqddurs", _RQDDURS)
    for number, seconds in enumerate(stream.rqddurs or ()):
        if seconds <= 0:
            faults.add(f"{path}.rqddurs[{number}]", _POSITIVE)


def _span(faults: Faults, path: str, stream: Stream, names: tuple[str, str]) -> None:
    least, most = (getattr(stream, name) for name in names)
    if least is not None and most is not None and 0 < most < least:
        faults.add(f"{path}.{names[1]}", _MAX_BELOW_MIN)


def _deal(faults: Faults, path: str, deal: Deal) -> None:
    faults.not_negative(path, deal, ("bidfloor",))
    faults.known_currency(f"{path}.bidfloorcur", deal.bidfloorcur)
    faults.texts(f"{path}.wseat", deal.wseat)
    faults.texts(f"{path}.wadomain", deal.wadomain)
    check_auction_type(faults, f"{path}.at", deal.at)


def check_auction_type(faults: Faults, path: str, kind: int | None) -> None:
    """Note a kind of auction that there is not."""
    if kind is not None and kind not in AUCTION_TYPES and kind <= 500:
        faults.add(path, _AT)
