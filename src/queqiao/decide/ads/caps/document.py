"""What a campaign's document says of frequency caps, and what is wrong with it."""

from collections.abc import Sequence
from typing import Annotated, Literal, get_args

from msgspec import Meta, Struct

from queqiao.kernel.errors import FieldError, Message

Level = Literal["creative", "group", "campaign", "advertiser", "account"]
Per = Literal["minute", "hour", "day", "week", "month", "lifetime"]
LEVELS: tuple[Level, ...] = get_args(Level)
PERS: tuple[Per, ...] = get_args(Per)
LIFETIME: Per = "lifetime"

CAPS_MAX = 20
TIMES_MAX = 10_000
ROLLING_TIMES_MAX = 100
"""A rolling cap remembers the moment of each of so many ads; a calendar window only their number"""


class Cap(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One person sees at most ``times`` ads of what ``level`` names, in one ``per``.

    Day, week (from Monday) and month are those of the shop's calendar; ``rolling`` is instead any
    stretch of 60 s, 1 h, 24 h, 7 days or 30 days. All channels and placements count together.
    """

    level: Level
    times: Annotated[int, Meta(ge=1, le=TIMES_MAX)]
    per: Per
    rolling: bool = False


def check_caps(caps: Sequence[Cap]) -> list[FieldError]:
    """Return what is wrong with a document's caps and their types alone cannot say."""
    wrong: list[FieldError] = []
    seen: set[tuple[str, str, bool]] = set()
    for index, cap in enumerate(caps):
        if cap.rolling and cap.per == "lifetime":
            wrong.append(FieldError(f"caps[{index}].rolling", _NO_END))
        elif cap.rolling and cap.times > ROLLING_TIMES_MAX:
            wrong.append(FieldError(f"caps[{index}].times", _TOO_MANY))
        if (cap.level, cap.per, cap.rolling) in seen:
            wrong.append(FieldError(f"caps[{index}]", _TWICE))
        seen.add((cap.level, cap.per, cap.rolling))
    return wrong


_NO_END = Message(
    "lifetime 没有窗口可滚动；请去掉 rolling", "a lifetime has no window to roll: leave rolling out"
)
_TOO_MANY = Message(
    f"滚动窗口最多 {ROLLING_TIMES_MAX} 次；更多请用日历窗口",
    f"a rolling window holds at most {ROLLING_TIMES_MAX}; for more take a calendar window",
)
_TWICE = Message(
    "同一层级、同一周期只能有一个上限；保留较小的那个",
    "this level has a cap for this period already; keep the smaller one",
)
