"""Which bad rows name somebody: found whole, as a text of their JSON, and never as a part of one.

A row is looked at as its client sent it and as the Segment call that its protocol makes of it. What
is no JSON is searched for the ids as words of their own.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from unicodedata import normalize
from urllib.parse import unquote_plus

import msgspec

from queqiao.collect.bad_rows import rows_of
from queqiao.collect.contracts import BadRow
from queqiao.collect.protocols.translators import segment_call
from queqiao.kernel.errors import InvalidInput

IsTheirs = Callable[[str], bool]
"""Says whether a text is somebody's id, or another word of theirs."""

_UNREADABLE = (InvalidInput, msgspec.DecodeError, UnicodeError, RecursionError)


def naming(folder: Path, ids: Sequence[str], is_theirs: IsTheirs) -> list[str]:
    """Return the ids of the rows that name somebody by one of their ids or words. Blocking."""
    words = _words(ids)
    return [row_id for row_id, row in rows_of(folder) if names(row, words, is_theirs)]


def _words(ids: Sequence[str]) -> re.Pattern[str]:
    """Return what finds an id that stands by itself."""
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, ids))})(?!\w)")


def names(row: BadRow, words: re.Pattern[str], is_theirs: IsTheirs) -> bool:
    """Say whether a row names somebody."""
    if not row.body:
        return False
    try:
        if any(map(is_theirs, _texts(msgspec.json.decode(row.body)))):
            return True
    except _UNREADABLE:
        said = normalize("NFC", row.body.decode("utf-8", "replace"))
        if words.search(said) or words.search(normalize("NFC", unquote_plus(said))):
            return True
    if row.protocol == "segment":
        return False
    try:
        call = msgspec.json.decode(segment_call(row.protocol, row.body, row.part))
    except _UNREADABLE:
        return False
    return any(map(is_theirs, _texts(call)))


def _texts(value: Any) -> Iterator[str]:
    """Yield the texts of JSON, names among them, and numbers as texts."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield normalize("NFC", one)
        elif isinstance(one, dict):
            waiting += [*one, *one.values()]
        elif isinstance(one, list):
            waiting += one
        elif isinstance(one, int) and not isinstance(one, bool) and abs(one) < 10**30:
            yield str(one)
