"""From one line of a server's log to the fields that we know it by.

Formats: nginx ``combined`` (also the common log format, and ``combined`` with ``$request_time``
behind it), one JSON object a line, and a regular expression of the operator's own.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from queqiao.collect.logs.settings import LogFiles
from queqiao.kernel.errors import FieldError, InvalidInput, Message

Fields = dict[str, Any]
"""Our names for what a line says; values as the line has them, text or a JSON scalar."""

Reader = Callable[[str], Fields]
"""Reads a line. Raises InvalidInput."""

_NOT_THE_FORMAT = Message("这一行不符合所设的日志格式", "the line is not of the configured format")
_NOT_AN_OBJECT = Message("这一行不是 JSON 对象", "the line is not a JSON object")
_NOTHING_KNOWN = Message("这一行没有可识别的字段", "the line has no field that is known")

# Bounded parts, so that a hostile user name cannot make the match take quadratic time.
_COMBINED = re.compile(
    r"(?P<ip>\S{1,256}) \S{1,256} (?P<user>.{1,256}?) \[(?P<time>[^\]]{1,64})\] "
    r'"(?P<request>(?:[^"\\]|\\.)*+)" (?P<status>\d{3}) (?P<bytes>\d{1,18}|-)'
    r'(?: "(?P<referrer>(?:[^"\\]|\\.)*+)" "(?P<user_agent>(?:[^"\\]|\\.)*+)")?'
    r"(?: (?:rt=)?\"?(?P<latency_s>\d{1,9}\.\d{1,9})\"?)?(?P<rest> .*)?",
    re.DOTALL,
)

JSON_KEYS: Mapping[str, tuple[str, ...]] = {
    "time": ("time_iso8601", "time_local", "msec", "@timestamp", "timestamp", "time"),
    "ip": ("remote_addr", "client_ip", "ip"),
    "request": ("request",),
    "method": ("request_method", "method"),
    "path": ("request_uri", "uri", "path"),
    "protocol": ("server_protocol", "protocol"),
    "host": ("host", "http_host", "server_name"),
    "status": ("status",),
    "bytes": ("body_bytes_sent", "bytes_sent", "bytes"),
    "latency_s": ("request_time",),
    "latency_ms": ("latency_ms",),
    "upstream_s": ("upstream_response_time",),
    "user_agent": ("http_user_agent", "user_agent"),
    "referrer": ("http_referer", "referer", "referrer"),
    "request_id": ("request_id",),
}
"""Where a JSON line is looked into for each field: nginx's variables first."""


def reader_of(files: LogFiles) -> Reader:
    """Return what reads the lines of these files."""
    if files.format == "json":
        return _json_reader(files.fields)
    if files.format == "regex":
        return _pattern_reader(re.compile(files.pattern), files.fields)
    return _combined


def _combined(line: str) -> Fields:
    found = _COMBINED.fullmatch(line)
    if found is None:
        raise InvalidInput(FieldError("", _NOT_THE_FORMAT))
    fields = found.groupdict()
    del fields["rest"], fields["user"]  # what is behind has no name; the user is not a shopper
    return {name: value for name, value in fields.items() if value not in {None, "-"}}


def _pattern_reader(pattern: "re.Pattern[str]", names: Mapping[str, str]) -> Reader:
    ours = {group: ours for ours, group in names.items()}

    def read(line: str) -> Fields:
        found = pattern.fullmatch(line)
        if found is None:
            raise InvalidInput(FieldError("", _NOT_THE_FORMAT))
        return {
            ours.get(group, group): value
            for group, value in found.groupdict().items()
            if value not in {None, "-"}
        }

    return read


def _json_reader(names: Mapping[str, str]) -> Reader:
    places: dict[str, tuple[tuple[str, ...], ...]] = {
        ours: tuple((key,) for key in keys) for ours, keys in JSON_KEYS.items()
    }
    places |= {ours: ((key,), tuple(key.split("."))) for ours, key in names.items()}

    def read(line: str) -> Fields:
        try:
            whole = msgspec.json.decode(line, type=dict[str, Any])
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            raise InvalidInput(FieldError("", _NOT_AN_OBJECT)) from error
        fields = {}
        for ours, candidates in places.items():
            value = next((v for at in candidates if (v := _at(whole, at)) is not None), None)
            if value is not None:
                fields[ours] = value
        if not fields:
            raise InvalidInput(FieldError("", _NOTHING_KNOWN))
        return fields

    return read


def _at(value: Any, way: tuple[str, ...]) -> str | int | float | bool | None:
    """Return the scalar at the end of a way through objects; None where there is none."""
    for key in way:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return None if isinstance(value, dict | list) or value in {"", "-"} else value
