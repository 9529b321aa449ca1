"""What a placement's document says of its inventory, and what is wrong with it."""

from collections.abc import Sequence
from typing import Annotated, Literal

from msgspec import Meta, Struct

from queqiao.decide.ads.targeting.times import HALF_HOURS
from queqiao.kernel.errors import FieldError, Message
from queqiao.kernel.money import MINOR_MAX

Channel = Literal["shop", "app", "mini_program", "email", "live_room", "off_site"]
"""Where a placement is: the own shop, an app, a mini-program, an e-mail, a live room, elsewhere."""

Format = Literal["banner", "native", "video", "product_card", "search_keyword", "feed"]
"""What a placement can show."""

Sold = Literal["auction", "booked", "house"]
"""How a campaign comes to be shown: by its bid, by the deals that name it, or as the shop's own."""

FLOORS_MAX = 50
SIZES_MAX = 50
NAMES_MAX = 200
LABELS_MAX = 20

Pixels = Annotated[int, Meta(ge=1, le=20_000)]
Named = Annotated[str, Meta(min_length=1, max_length=128)]
Names = Annotated[list[Named], Meta(max_length=NAMES_MAX)]
Labels = Annotated[list[Named], Meta(max_length=LABELS_MAX)]


class Size(Struct, frozen=True, forbid_unknown_fields=True):
    """A width and a height, in pixels."""

    width: Pixels
    height: Pixels


class FloorRule(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A floor for some: in any of the segments, on any of the devices and channels, at these hours.

    ``hours`` are 7 texts from Monday of 48 half-hours, ``0`` or ``1``, by the shop's clock. What is
    empty holds for all. Of several that hold the highest counts, and never less than the
    placement's ``floor_minor``.
    """

    floor_minor: Annotated[int, Meta(ge=0, le=MINOR_MAX)]
    segments_any: Names = []
    devices_any: Names = []
    channels_any: Names = []
    hours: Annotated[list[str], Meta(max_length=7)] = []


class DynamicFloor(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A floor that is learned by hour from the placement's own auctions (``reserve.py``).

    It is at most ``max_minor`` and never below what the document asks. ``explore_percent`` of the
    auctions keep the document's floor, so that it is known what lower bids would bring.
    """

    max_minor: Annotated[int, Meta(ge=1, le=MINOR_MAX)] | None = None
    explore_percent: Annotated[int, Meta(ge=1, le=50)] = 5


def check_floors(floors: Sequence[FloorRule], floor_minor: int) -> list[FieldError]:
    """Return what is wrong with a placement's rules and their types alone cannot say."""
    wrong: list[FieldError] = []
    for index, rule in enumerate(floors):
        if rule.floor_minor <= floor_minor:
            wrong.append(FieldError(f"floors[{index}].floor_minor", _NO_USE))
        wrong += _hours(rule.hours, f"floors[{index}].hours")
    return wrong


def check_dynamic_floor(floor: DynamicFloor | None, floor_minor: int) -> list[FieldError]:
    """Return what is wrong with a learned floor's bound."""
    is_low = floor is not None and floor.max_minor is not None and floor.max_minor <= floor_minor
    return [FieldError("dynamic_floor.max_minor", _NO_ROOM)] if is_low else []


def check_sizes(form: Format | None, sizes: Sequence[Size]) -> list[FieldError]:
    """Return what is wrong with sizes: they go with pictures and videos."""
    if sizes and form not in SIZED:
        return [FieldError("sizes", _NO_SIZES)]
    seen: set[Size] = set()
    wrong = []
    for index, size in enumerate(sizes):
        if size in seen:
            wrong.append(FieldError(f"sizes[{index}]", _TWICE))
        seen.add(size)
    return wrong


SIZED = ("banner", "native", "video", "feed")
"""The formats in which a size can be asked for."""


def _hours(hours: Sequence[str], path: str) -> list[FieldError]:
    if not hours:
        return []
    if len(hours) != 7:
        return [FieldError(path, _WEEK)]
    wrong = [
        FieldError(f"{path}[{day}]", _DAY)
        for day, row in enumerate(hours)
        if len(row) != HALF_HOURS or row.strip("01")
    ]
    return wrong or ([] if any("1" in row for row in hours) else [FieldError(path, _NEVER)])


_NO_USE = Message(
    "须高于广告位的 floor_minor，否则这条规则不起作用",
    "must be above the placement's floor_minor, or the rule does nothing",
)
_NO_ROOM = Message(
    "须高于广告位的 floor_minor，否则没有可学的余地",
    "must be above the placement's floor_minor, or there is nothing to learn",
)
_NO_SIZES = Message(
    "尺寸只用于 format 为 banner、native、video 或 feed 的广告位",
    "sizes go with the formats banner, native, video and feed",
)
_TWICE = Message("有重复，请删去其一", "stands twice; remove one")
_WEEK = Message("须为周一到周日共 7 行", "must be 7 texts, Monday to Sunday")
_DAY = Message(
    "须为 48 个 0 或 1，每个半小时一个", "must be 48 characters 0 or 1, one for each half-hour"
)
_NEVER = Message("没有任何时段为 1", "is never true: no half-hour is 1")
