"""Which bad rows name somebody.

A row is looked at as its client sent it and as the Segment call that its protocol makes of it. An
id that could be a price or an article counts only where a person is named: under ``userId``,
``distinct_id`` and such. One that tells itself apart counts wherever it stands whole. What is no
JSON is searched alike: for ids as words of their own, for the others right behind such a name.
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

IsWord = Callable[[str, bool], bool]
"""Says whether a text is a phone or such of somebody's.

The flag tells that the text stands where a person is named, or could be nothing else than an id.
"""

PEOPLE = frozenset({
    "userid", "anonymousid", "previousid", "alias",  # Segment
    "distinctid", "deviceid", "anondistinctid",  # PostHog
    "clientid", "appinstanceid",  # GA4
    "uid", "duid", "nuid", "networkuserid", "domainuserid", "sid",  # Snowplow
    "user", "username", "customer", "customerid", "member", "memberid", "memberno", "visitorid",
    "openid", "unionid", "membercard", "cardnumber", "phone", "mobile", "phonenumber", "email",
})  # fmt: skip
"""Names before people's ids, in lower case and without signs."""
_HOLDERS = PEOPLE | {"device"}
_HELD = {"id", "value"}
"""Names of an id within what a name of people stands before: GA4 wraps properties so."""
_SIGNS = str.maketrans("", "", "_-$. ")
_TELLING_CHARS = 8
_NAME_BEFORE = re.compile(r"""([\w$.-]{1,40})\\{0,2}["']?\s{0,8}[:=]\s{0,8}\[?\\{0,2}["']?$""")
_LOOK_BACK_CHARS = 80
_BEFORE_A_VALUE = " \t\r\n\\\"'["

_UNREADABLE = (InvalidInput, msgspec.DecodeError, UnicodeError, RecursionError)


def naming(folder: Path, ids: Sequence[str], is_word: IsWord) -> list[str]:
    """Return the ids of the rows that name somebody by an id or another word. Blocking."""
    somebody = _Somebody(ids, is_word)
    return [row_id for row_id, row in rows_of(folder) if _names(row, somebody)]


class _Somebody:
    def __init__(self, ids: Sequence[str], is_word: IsWord) -> None:
        self._ids = frozenset(normalize("NFC", one) for one in ids)
        self._is_word = is_word
        longest_first = sorted(self._ids, key=len, reverse=True)
        words = "|".join(map(re.escape, longest_first)) or "(?!)"
        self._found = re.compile(rf"(?<!\w)(?:{words})(?!\w)")

    def is_in_json(self, value: Any) -> bool:
        return any(self._is_said(text, is_named) for text, is_named in _texts(value))

    def _is_said(self, text: str, is_named: bool) -> bool:
        is_certain = is_named or tells_itself_apart(text)
        return (is_certain and text in self._ids) or self._is_word(text, is_certain)

    def is_in_text(self, text: str) -> bool:
        return any(
            _is_no_name(one.group()) or _is_named(text, one)
            for one in self._found.finditer(normalize("NFC", text))
        )


def tells_itself_apart(text: str) -> bool:
    """Say whether an id can hardly be anything else: long, and more than a number."""
    return len(text) >= _TELLING_CHARS and not text.isdigit()


def _is_no_name(text: str) -> bool:
    """Say the same of one that may stand among names of fields, such as ``timestamp``."""
    return tells_itself_apart(text) and any(sign.isdigit() or sign == "@" for sign in text)


def _is_named(text: str, found: re.Match[str]) -> bool:
    """Say whether a name of people stands right before, and the value ends there."""
    if text[found.end() : found.end() + 1] in {"-", ".", "@"}:
        return False
    said = text[max(0, found.start() - _LOOK_BACK_CHARS) : found.start()]
    if not said.rstrip(_BEFORE_A_VALUE).endswith((":", "=")):  # most are not, and this is quicker
        return False
    before = _NAME_BEFORE.search(said)
    return before is not None and _plain(before.group(1)) in PEOPLE


def _names(row: BadRow, somebody: _Somebody) -> bool:
    if not row.body:
        return False
    try:
        if somebody.is_in_json(msgspec.json.decode(row.body)):
            return True
    except _UNREADABLE:
        said = row.body.decode("utf-8", "replace")
        if any(map(somebody.is_in_text, {said, unquote_plus(said)})):
            return True
    if row.protocol == "segment":
        return False
    try:
        call = msgspec.json.decode(segment_call(row.protocol, row.body, row.part))
    except _UNREADABLE:
        return False
    return somebody.is_in_json(call)


def _texts(value: Any) -> Iterator[tuple[str, bool]]:
    """Yield the texts of JSON, numbers as texts, and whether each stands where a person is named.

    Names of fields are among them where they can be an id.
    """
    waiting = [("", False, value)]
    while waiting:
        holder, is_named, one = waiting.pop()
        if isinstance(one, dict):
            for name, inner in one.items():
                if _is_no_name(name):
                    yield normalize("NFC", name), False
                plain = _plain(name)
                is_held = plain in _HELD and holder in _HOLDERS
                waiting.append((plain, plain in PEOPLE or is_held, inner))
        elif isinstance(one, list):
            waiting += [(holder, is_named, inner) for inner in one]
        elif isinstance(one, str):
            yield normalize("NFC", one), is_named
        elif isinstance(one, int) and not isinstance(one, bool) and abs(one) < 10**30:
            yield str(one), is_named


def _plain(name: str) -> str:
    return name.lower().translate(_SIGNS)
