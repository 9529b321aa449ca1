"""What msgspec finds wrong with a value, said in both languages and without the value.

msgspec speaks English. Each of its sentences has its Chinese here; a test reads out of msgspec
itself which sentences there are, so that none is missing after an upgrade.
"""

import re

from queqiao.kernel.errors import Message

_NAMES = {
    "any": "任意值",
    "array": "数组",
    "bool": "真假值（true 或 false）",
    "bytes": "文本（base64）",
    "date": "日期（如 2026-06-18）",
    "datetime": "时间（如 2026-06-18T10:00:00Z）",
    "decimal": "十进制数",
    "duration": "时长（如 PT30M）",
    "float": "数字",
    "int": "整数",
    "null": "空值（null）",
    "object": "对象",
    "str": "文本",
    "time": "时刻（如 10:00:00）",
    "timedelta": "时长（如 PT30M）",
    "uuid": "文本（UUID）",
}
"""msgspec's names of types. Names that are not here are of Python and are shown as they are."""

_UNITS = {"str": "个字符", "array": "项", "object": "个字段", "bytes": "字节"}
_COMPARED = {">=": "不小于", "<=": "不大于", ">": "大于", "<": "小于"}
_LENGTH_COMPARED = {">=": "至少", "<=": "最多"}

_SAID = (
    (r"Expected `(?P<type>[^`]+)`, got `(?P<got>[^`]+)`", "应为{type}，收到的是{got}"),
    (r"Expected `(?P<type>[^`]+)`", "应为{type}"),
    (
        r"Expected `(?P<unit>str|array|object|bytes)` of length (?P<most>[<>]=) (?P<size>\d+)",
        "长度应为{most} {size} {unit}",
    ),
    (
        r"Expected `array` of length (?P<size>\d+) to (?P<end>\d+)(?:, got \d+)?",
        "应为 {size} 至 {end} 项的数组",
    ),
    (r"Expected `array` of length (?P<size>\d+)(?:, got \d+)?", "应为 {size} 项的数组"),
    (
        r"Expected `array` of at least length (?P<size>\d+)(?:, got \d+)?",
        "应为至少 {size} 项的数组",
    ),
    (r"Expected `array` of at most length (?P<size>\d+)(?:, got \d+)?", "应为最多 {size} 项的数组"),
    (r"Expected `str` matching regex (?P<regex>.+)", "格式应符合 {regex}"),
    (r"Expected `(?:int|float)` that's a multiple of (?P<size>.+)", "应为 {size} 的倍数"),
    (r"Expected `(?:int|float)` (?P<compared>[<>]=?) (?P<size>.+)", "应{compared} {size}"),
    (r"Expected `(?P<type>[^`]+)` with a timezone component", "应为带时区的{type}"),
    (r"Expected `(?P<type>[^`]+)` with no timezone component", "应为不带时区的{type}"),
    (r"Object missing required field `(?P<field>[^`]*)`", "缺少必填字段 {field}"),
    (r"Invalid enum value", "不是允许的取值"),
    (r"Invalid value", "不是允许的取值"),
    (r"Invalid RFC3339 encoded datetime", "不是合法的时间，应如 2026-06-18T10:00:00Z"),
    (r"Invalid RFC3339 encoded date", "不是合法的日期，应如 2026-06-18"),
    (r"Invalid RFC3339 encoded time", "不是合法的时刻，应如 10:00:00"),
    (r"Invalid epoch timestamp", "不是合法的时间戳"),
    (r"Timestamp is out of range", "时间超出范围"),
    (r"Invalid ISO8601 duration", "不是合法的时长，应如 PT30M"),
    (
        r"Only units 'D', 'H', 'M', and 'S' are supported .*",
        "时长只能用天、时、分、秒（D、H、M、S）",
    ),
    (r"Duration is out of range", "时长超出范围"),
    (r"Invalid UUID(?: bytes)?", "不是合法的 UUID"),
    (r"Invalid decimal string", "不是合法的十进制数"),
    (r"Invalid base64 encoded string", "不是合法的 base64"),
    (r"(?:Integer value|Number) out of range", "数字超出范围"),
)
_TABLE = tuple((re.compile(pattern, re.DOTALL), chinese) for pattern, chinese in _SAID)
_VALUE = re.compile(r"(Invalid (?:enum )?value) .*", re.DOTALL)


def type_fault(said: str) -> Message:
    """Return what msgspec said of a value, without the path that it adds."""
    reason = _VALUE.sub(r"\1", said.strip())
    chinese = _in_chinese(reason)
    return Message(
        f"类型或取值不对：{chinese}" if chinese else "类型或取值不对",
        f"wrong type or value: {reason}",
    )


def _in_chinese(reason: str) -> str | None:
    for pattern, chinese in _TABLE:
        found = pattern.fullmatch(reason)
        if found:
            return chinese.format(
                **{name: _part(name, it) for name, it in found.groupdict().items()}
            )
    return None


def _part(name: str, value: str) -> str:
    if name in {"type", "got"}:
        return "或".join(_NAMES.get(one, one) for one in value.split(" | "))
    known = {"unit": _UNITS, "most": _LENGTH_COMPARED, "compared": _COMPARED}.get(name, {})
    return known.get(value, value)
