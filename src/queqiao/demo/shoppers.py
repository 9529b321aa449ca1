"""The living store's shoppers: who they are and what they like, made from a seed."""

from random import Random
from typing import Any, Final

import msgspec

from queqiao.demo.goods import CATEGORIES
from queqiao.kernel.ids import uuid7

REGIONS: Final = (
    "广东 江苏 山东 浙江 河南 四川 湖北 福建 湖南 上海 安徽 北京 河北 陕西 辽宁 重庆"
).split()
CHANNELS: Final = {"app": 5, "mini_program": 3, "web": 2}
_AGE_MEAN, _AGE_DEVIATION = 33, 9


class Shopper(msgspec.Struct, frozen=True):
    """One shopper. ``likes`` weighs the categories, ``activity`` how often she comes."""

    number: int
    user_id: str
    anonymous_id: str
    channel: str
    traits: dict[str, Any]
    likes: tuple[float, ...]
    activity: float
    code: str


def make_shoppers(codes: list[str], born_us: int, chance: Random) -> list[Shopper]:
    """Return one shopper for each code of the newcomers' batch."""
    return [_shopper(number, code, born_us, chance) for number, code in enumerate(codes, 1)]


def _shopper(number: int, code: str, born_us: int, chance: Random) -> Shopper:
    channel = chance.choices(list(CHANNELS), list(CHANNELS.values()))[0]
    return Shopper(
        number=number,
        user_id=f"u{number:05d}",
        anonymous_id=uuid7(born_us + number, chance.getrandbits),
        channel=channel,
        traits=_traits(chance) | {"channel": channel},
        likes=tuple(chance.paretovariate(1.0) for _ in CATEGORIES),
        activity=chance.lognormvariate(0, 1),
        code=code,
    )


def _traits(chance: Random) -> dict[str, Any]:
    age = min(75, max(16, round(chance.gauss(_AGE_MEAN, _AGE_DEVIATION))))
    return {
        "age": age,
        "gender": chance.choices(("女", "男"), (55, 45))[0],
        "region": chance.choices(REGIONS, range(len(REGIONS), 0, -1))[0],
        "income": round(chance.lognormvariate(11.3, 0.5) / 1000) * 1000,
        "kids_count": str(chance.choices((0, 1, 2), (60, 28, 12))[0]),
    }
