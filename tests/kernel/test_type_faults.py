"""Each sentence of msgspec has its Chinese, and none carries the value that was refused."""

import datetime as dt
import decimal
import enum
import re
import uuid
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
import pytest
from msgspec import Meta, _core

from queqiao.kernel.json import field_error
from queqiao.kernel.type_faults import type_fault


class Color(enum.Enum):
    RED = "red"


class Number(enum.IntEnum):
    ONE = 1


class One(msgspec.Struct, tag="one"):
    order_id: int = 0


class Two(msgspec.Struct, tag="two"):
    pass


class First(msgspec.Struct, tag=1):
    pass


class Second(msgspec.Struct, tag=2):
    pass


class Needs(msgspec.Struct):
    sku_id: str


class Row(msgspec.Struct, array_like=True):
    a: int
    b: int = 0


class LongRow(msgspec.Struct, array_like=True):
    a: int
    b: int


class FullRow(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    a: int


class Tagged(msgspec.Struct, array_like=True, tag="t"):
    a: int


class Other(msgspec.Struct, array_like=True, tag="u"):
    a: int


class Pair(NamedTuple):
    a: int
    b: int = 0


def bounded(kind: Any, **bounds: Any) -> Any:
    return Annotated[kind, Meta(**bounds)]


DAY = dt.datetime
CASES = [
    (int, '"x"', "应为整数，收到的是文本"),
    (int | None, '"x"', "应为整数或空值（null），收到的是文本"),
    (float, "[]", "应为数字，收到的是数组"),
    (bool, "{}", "应为真假值（true 或 false），收到的是对象"),
    (str, "1.5", "应为文本，收到的是数字"),
    (list[int], "true", "应为数组，收到的是真假值（true 或 false）"),
    (dict[str, int], "null", "应为对象，收到的是空值（null）"),
    (DAY, "1e9", "应为时间（如 2026-06-18T10:00:00Z），收到的是数字"),
    (bytes, "1", "应为文本（base64），收到的是整数"),
    (uuid.UUID, "1", "应为文本（UUID），收到的是整数"),
    (decimal.Decimal, "[]", "应为十进制数，收到的是数组"),
    (Color, '"secret"', "不是允许的取值"),
    (Number, "5", "不是允许的取值"),
    (Literal["a"], '"secret"', "不是允许的取值"),
    (Literal[1], "77", "不是允许的取值"),
    (One | Two, '{"type": "secret"}', "不是允许的取值"),
    (First | Second, '{"type": 77}', "不是允许的取值"),
    (One | Two, '{"type": 1}', "应为文本"),
    (First | Second, '{"type": "x"}', "应为整数"),
    (bounded(int, ge=1), "0", "应不小于 1"),
    (bounded(int, le=9), "77", "应不大于 9"),
    (bounded(int, multiple_of=5), "77", "应为 5 的倍数"),
    (bounded(float, ge=1.5), "0", "应不小于 1.5"),
    (bounded(float, gt=1.5), "0", "应大于 1.5"),
    (bounded(float, le=1.5), "77", "应不大于 1.5"),
    (bounded(float, lt=1.5), "77", "应小于 1.5"),
    (bounded(float, multiple_of=0.5), "0.7", "应为 0.5 的倍数"),
    (bounded(str, min_length=2), '"x"', "长度应为至少 2 个字符"),
    (bounded(str, max_length=2), '"secret"', "长度应为最多 2 个字符"),
    (bounded(str, pattern="^[0-9]$"), '"secret"', "格式应符合 '^[0-9]$'"),
    (bounded(list[int], min_length=2), "[1]", "长度应为至少 2 项"),
    (bounded(list[int], max_length=0), "[1]", "长度应为最多 0 项"),
    (bounded(dict[str, int], min_length=1), "{}", "长度应为至少 1 个字段"),
    (bounded(dict[str, int], max_length=0), '{"a": 1}', "长度应为最多 0 个字段"),
    (bounded(bytes, min_length=9), '"eA=="', "长度应为至少 9 字节"),
    (bounded(bytes, max_length=0), '"eA=="', "长度应为最多 0 字节"),
    (bounded(DAY, tz=True), '"2026-06-18T10:00:00"',
     "应为带时区的时间（如 2026-06-18T10:00:00Z）"),
    (bounded(DAY, tz=False), '"2026-06-18T10:00:00Z"',
     "应为不带时区的时间（如 2026-06-18T10:00:00Z）"),
    (bounded(dt.time, tz=True), '"10:00:00"', "应为带时区的时刻（如 10:00:00）"),
    (tuple[int, int], "[1]", "应为 2 项的数组"),
    (Row, "[]", "应为至少 1 项的数组"),
    (LongRow, "[1]", "应为至少 2 项的数组"),
    (FullRow, "[1, 2]", "应为最多 1 项的数组"),
    (Tagged | Other, "[]", "应为至少 1 项的数组"),
    (Needs, "{}", "缺少必填字段 sku_id"),
    (DAY, '"secret"', "不是合法的时间，应如 2026-06-18T10:00:00Z"),
    (dt.date, '"secret"', "不是合法的日期，应如 2026-06-18"),
    (dt.time, '"secret"', "不是合法的时刻，应如 10:00:00"),
    (dt.timedelta, '"secret"', "不是合法的时长，应如 PT30M"),
    (dt.timedelta, '"P1Y"', "时长只能用天、时、分、秒（D、H、M、S）"),
    (dt.timedelta, '"P9999999999D"', "时长超出范围"),
    (uuid.UUID, '"secret"', "不是合法的 UUID"),
    (decimal.Decimal, '"secret"', "不是合法的十进制数"),
    (bytes, '"secret!"', "不是合法的 base64"),
    (float, "1e999", "数字超出范围"),
    (Pair, "[]", "应为 1 至 2 项的数组"),
    (int, "9" * 5000, "数字超出范围"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "body", "chinese"), CASES)
def test_what_msgspec_says_is_said_in_chinese(kind: Any, body: str, chinese: str) -> None:
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.json.decode(body, type=kind)
    message = field_error(refused.value).message
    assert message.zh == f"类型或取值不对：{chinese}"
    assert not re.search("secret|77", message.en + message.zh)


def sentences() -> list[str]:
    """Return what msgspec can say of a value in JSON: its format strings that end in a path."""
    found = re.findall(rb"[ -~]{5,}%U(?=\0)", Path(_core.__file__).read_bytes())
    said = [one.decode().removesuffix("%U") for one in found]
    return [one for one in said if one != " - at " and "MessagePack" not in one]


def test_msgspec_says_nothing_else() -> None:
    said = sentences()
    assert len(said) > 40
    for sentence in said:
        filled = re.sub("%(?:lld|llu|zd)", "3", sentence)
        filled = filled.replace("`float` %s", "`float` >=").replace("`%s`", "`int`")
        filled = filled.replace("%U", "int").replace("%R", "'x'")
        assert "%" not in filled
        if "unknown field" not in filled:  # that one is named, not translated
            assert type_fault(filled).zh != type_fault("nothing known").zh, sentence


def test_what_is_not_known_is_said_without_english() -> None:
    assert type_fault("Some new sentence").zh == "类型或取值不对"
