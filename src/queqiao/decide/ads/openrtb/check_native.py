"""What a place for a native ad must say: a JSON text with the parts that an ad may have."""

from functools import lru_cache

from queqiao.decide.ads.openrtb.faults import EMPTY, MISSING, Faults
from queqiao.decide.ads.openrtb.native import AssetAsked, NativeRequest, Wrapped
from queqiao.decide.ads.openrtb.request import Native
from queqiao.kernel import json
from queqiao.kernel.errors import InvalidInput, Message

REQUEST_CHARACTERS_MAX = 50_000
TEXTS_KEPT = 64
"""A text is read once for its check and for every campaign; a page asks with the same each time."""

_ONE_KIND = Message(
    "须恰好有 title、img、video、data 之一", "must define exactly one of {title, img, video, data}"
)
_POSITIVE = Message("须为正数", "must be a positive number")
_TWICE = Message("id 与前面的重复", "has an id that another asset has")
_EVENT = Message("须为正整数", "must be a positive number")


def native_request(native: Native) -> NativeRequest:
    """Return what a place asks for. Raises InvalidInput with the path within the text."""
    return parse(native.request or "")[0]


@lru_cache(TEXTS_KEPT)
def parse(text: str) -> tuple[NativeRequest, bool]:
    """Return what a text asks for, and whether it stood within ``native``, as before 1.2."""
    body = text.encode()
    wrapped = json.decode(body, Wrapped, REQUEST_CHARACTERS_MAX * 4).native
    if wrapped is not None:
        return wrapped, True
    return json.decode(body, NativeRequest), False


def check_native(faults: Faults, path: str, native: Native) -> None:
    """Note what is wrong with a native request; ``path`` names the text that holds it."""
    if not native.request:
        faults.add(path, MISSING)
        return
    try:
        asked = native_request(native)
    except InvalidInput as error:
        for field in error.fields:
            faults.add(".".join(part for part in (path, field.path) if part), field.message)
        return
    _assets(faults, path, asked)
    for number, tracker in enumerate(asked.eventtrackers or ()):
        if not tracker.event or tracker.event < 0:
            faults.add(f"{path}.eventtrackers[{number}].event", _EVENT)
        if not tracker.methods:
            faults.add(f"{path}.eventtrackers[{number}].methods", EMPTY)


def _assets(faults: Faults, path: str, asked: NativeRequest) -> None:
    if not asked.assets:
        faults.add(f"{path}.assets", EMPTY)
    seen: set[int] = set()
    for number, asset in enumerate(asked.assets or ()):
        if asset.id is not None and asset.id in seen:
            faults.add(f"{path}.assets[{number}].id", _TWICE)
        elif asset.id is not None:
            seen.add(asset.id)
        _asset(faults, f"{path}.assets[{number}]", asset)


def _asset(faults: Faults, path: str, asset: AssetAsked) -> None:
    kinds = (asset.title, asset.img, asset.video, asset.data)
    if sum(kind is not None for kind in kinds) != 1:
        faults.add(path, _ONE_KIND)
    if asset.title is not None and (asset.title.len is None or asset.title.len <= 0):
        faults.add(f"{path}.title.len", _POSITIVE)
    if asset.data is not None and (asset.data.type is None or asset.data.type <= 0):
        faults.add(f"{path}.data.type", _POSITIVE)
    if asset.img is not None:
        faults.not_negative(f"{path}.img", asset.img, ("w", "h", "wmin", "hmin"))
    if asset.video is not None and not asset.video.mimes:
        faults.add(f"{path}.video.mimes", EMPTY)
