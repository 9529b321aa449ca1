"""From the fields of a line to a call as a client would send it: ``Request Served`` by default.

Units: ``latency_ms`` and ``upstream_ms`` in milliseconds, ``bytes`` of the body sent.
"""

import re
from typing import Any

from queqiao.collect.logs.formats import Fields
from queqiao.kernel import json
from queqiao.kernel.errors import FieldError, InvalidInput, Message

_TIME_LOCAL = re.compile(
    r"(\d{2})/(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)/(\d{4}):"
    r"(\d{2}:\d{2}:\d{2}) ([+-]\d{2})(\d{2})"
)
_EPOCH_S = re.compile(r"\d{9,10}(?:\.\d{1,6})?")
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_ESCAPED = re.compile(r"(?:\\x[0-9A-Fa-f]{2})+")
_SECONDS = re.compile(r"\d{1,9}(?:\.\d{1,9})?")
_SPECIAL = frozenset(
    {"time", "ip", "request", "path", "user_agent", "referrer", "latency_s", "upstream_s"}
    | {"anonymous_id", "user_id"}
)

_NO_TIME = Message("看不懂的时间", "a time that is not understood")
_NO_NUMBER = Message("应为数字", "must be a number")


def call_of(fields: Fields, event: str, source: str, message_id: str) -> bytes:
    """Return the track call. Raises InvalidInput that names the field.

    A line tells of no shopper unless its fields hold ``user_id`` or ``anonymous_id``: all others of
    a source share one anonymous id, so that requests do not count as visitors by the address.
    """
    call: dict[str, Any] = {
        "type": "track",
        "event": event,
        "messageId": message_id,
        "anonymousId": str(fields.get("anonymous_id", f"log:{source}")),
        "properties": _properties(fields),
        "context": _context(fields),
    }
    if "user_id" in fields:
        call["userId"] = str(fields["user_id"])
    if "time" in fields:
        call["timestamp"] = moment(fields["time"])
    return json.encode(call)


def _properties(fields: Fields) -> dict[str, Any]:
    found = {name: value for name, value in fields.items() if name not in _SPECIAL}
    _add_request(found, fields)
    for name in ("status", "bytes"):
        if name in found:
            found[name] = int(_number(found[name], name))
    if "latency_ms" in found:
        found["latency_ms"] = _number(found["latency_ms"], "latency_ms")
    for name, ours in (("latency_s", "latency_ms"), ("upstream_s", "upstream_ms")):
        if name in fields:
            found[ours] = _milliseconds(fields[name], name)
    return found


def _add_request(found: dict[str, Any], fields: Fields) -> None:
    """Take the request line apart: ``GET /path?query HTTP/1.1``."""
    target = fields.get("path")
    parts = str(fields.get("request", "")).split(" ")
    if len(parts) == 3:
        found.setdefault("method", parts[0])
        found.setdefault("protocol", parts[2])
        target = target or parts[1]
    elif "request" in fields:
        found["request"] = shown(str(fields["request"]))  # not HTTP: shown as it came
    if target is not None:
        path, mark, query = shown(str(target)).partition("?")
        found["path"] = path
        if mark:
            found["query"] = query


def _context(fields: Fields) -> dict[str, Any]:
    context: dict[str, Any] = {"library": {"name": "queqiao-logs"}}
    if "ip" in fields:
        context["ip"] = str(fields["ip"])
    if "user_agent" in fields:
        context["userAgent"] = shown(str(fields["user_agent"]))
    if "referrer" in fields:
        context["page"] = {"referrer": shown(str(fields["referrer"]))}
    return context


def shown(text: str) -> str:
    r"""Return a text with nginx's escapes (``\xE4\xB8\xAD``) undone where they are UTF-8."""
    if "\\x" not in text:
        return text
    return _ESCAPED.sub(_unescaped, text)


def _unescaped(found: "re.Match[str]") -> str:
    raw = bytes.fromhex(found[0].replace("\\x", ""))
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return found[0]
    return found[0] if "\0" in text else text


def moment(value: object) -> str | int:
    """Return a time as the door reads it: RFC 3339, or milliseconds. Raises InvalidInput."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        # Seconds have ten digits until 2286; milliseconds have thirteen.
        return int(value if value > 1e11 else value * 1000)
    text = str(value)
    local = _TIME_LOCAL.fullmatch(text)
    if local is not None:
        day, month, year, clock, hours, minutes = local.groups()
        return f"{year}-{_MONTHS.index(month) + 1:02}-{day}T{clock}{hours}:{minutes}"
    if _EPOCH_S.fullmatch(text):
        return int(float(text) * 1000)
    if len(text) < 10 or not text[:4].isdigit():
        raise InvalidInput(FieldError("time", _NO_TIME))
    return text.replace(" ", "T", 1)


def _milliseconds(value: object, name: str) -> float:
    """Return seconds as milliseconds; several upstreams (``0.1, 0.2 : 0.3``) are added up."""
    if isinstance(value, str):
        total = sum(float(part) for part in _SECONDS.findall(value))
        if _SECONDS.search(value) is None:
            raise InvalidInput(FieldError(name, _NO_NUMBER))
    else:
        total = _number(value, name)
    return round(total * 1000, 3)


def _number(value: object, name: str) -> float:
    try:
        number = float(value) if isinstance(value, str | int | float) else float("nan")
    except (ValueError, OverflowError) as error:
        raise InvalidInput(FieldError(name, _NO_NUMBER)) from error
    if not abs(number) < 2**63:
        raise InvalidInput(FieldError(name, _NO_NUMBER))
    return number
