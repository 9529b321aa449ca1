"""What an operator says about the logs to follow: the ``[logs]`` section of the settings."""

import re
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from queqiao.kernel.errors import FieldError, Message
from queqiao.kernel.vocabulary import ADS_SOURCE

OWN_SOURCES = frozenset({ADS_SOURCE, "queqiao"})
"""Sources that the system writes itself: no file may speak in their name."""

Word = Annotated[str, Meta(min_length=1, max_length=100)]


class LogFiles(msgspec.Struct, forbid_unknown_fields=True):
    """Files of one kind. ``paths`` are globs; rotated names beside them need not be matched.

    ``pattern`` is a regular expression with named groups, for the format ``regex``. ``fields`` says
    which key of the line (dots lead into objects) or which group holds one of our fields.
    ``start`` says where files begin that are there when the source is followed for the first time.
    """

    source: Word
    paths: Annotated[list[Word], Meta(min_length=1, max_length=50)]
    format: Literal["combined", "json", "regex"] = "combined"
    pattern: Annotated[str, Meta(max_length=4000)] = ""
    fields: Annotated[dict[Word, Word], Meta(max_length=50)] = {}
    event: Word = "Request Served"
    start: Literal["beginning", "end"] = "beginning"


class LogSettings(msgspec.Struct, forbid_unknown_fields=True):
    """Which logs are followed, and within which bounds."""

    files: Annotated[list[LogFiles], Meta(max_length=50)] = []
    line_bytes_max: Annotated[int, Meta(ge=256, le=400_000)] = 65_536
    look_every_s: Annotated[float, Meta(ge=0.01, le=60)] = 0.25


def problems(settings: LogSettings) -> list[FieldError]:
    """Return what the types alone cannot say of the section."""
    found = []
    for number, one in enumerate(settings.files):
        where = f"logs.files[{number}]"
        if one.source in OWN_SOURCES:
            message = Message("这是系统自用的来源名，请换一个", "the system's own; choose another")
            found.append(FieldError(f"{where}.source", message))
        if one.format == "regex":
            found += _pattern_problems(one.pattern, f"{where}.pattern")
    return found


def _pattern_problems(pattern: str, path: str) -> list[FieldError]:
    try:
        groups = re.compile(pattern).groupindex
    except (re.error, RecursionError, OverflowError) as error:
        message = Message(f"不是正则表达式：{error}", f"not a regular expression: {error}")
        return [FieldError(path, message)]
    if groups:
        return []
    return [FieldError(path, Message("要有 (?P<path>…) 这样的命名组", "name groups: (?P<path>…)"))]
