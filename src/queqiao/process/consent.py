"""What a person allows their data to be used for, as a mask of purposes on each event.

An event says it in ``context.consent``; one that does not say has what was last said on the same
device, else the default of the settings. Purposes that it does not name stay as they were. What is
there but cannot be read allows nothing. Forms that are read:

- by purpose: ``{"analytics": true, "personalization": false, "advertising": false}``; also the
  names of other tools (``_NAMES``), and ``granted`` or ``denied`` for true and false;
- Segment's ``{"categoryPreferences": {"Advertising": true, …}}``, with OneTrust's ``C0001``…;
- ``{"purposes": {"1": true, …}}`` or ``{"purposes": [1, 3, …]}`` by the numbers of the IAB's
  framework, or its string (``{"tcString": "CP…"}``);
- ``true`` or ``false`` for everything.
"""

import base64
import binascii
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import msgspec

from queqiao.kernel.vocabulary import ADS_SOURCE
from queqiao.process.state import Keyed

ANALYTICS, PERSONALIZATION, ADVERTISING = 1, 2, 4
EVERYTHING = ANALYTICS | PERSONALIZATION | ADVERTISING
Purpose = Literal["analytics", "personalization", "advertising"]
PURPOSES: dict[str, int] = {
    "analytics": ANALYTICS,
    "personalization": PERSONALIZATION,
    "advertising": ADVERTISING,
}
STATEMENTS_IN_MEMORY_MAX = 2_048
BYTES_MAX = 4_096
"""A longer statement is not read, so it allows nothing."""

_NAMES = {
    **PURPOSES,
    "analytics_storage": ANALYTICS, "performance": ANALYTICS, "statistics": ANALYTICS,
    "measurement": ANALYTICS, "c0002": ANALYTICS,
    "personalisation": PERSONALIZATION, "functional": PERSONALIZATION,
    "functionality": PERSONALIZATION, "preferences": PERSONALIZATION,
    "personalization_storage": PERSONALIZATION, "functionality_storage": PERSONALIZATION,
    "c0003": PERSONALIZATION,
    "marketing": ADVERTISING, "targeting": ADVERTISING, "ads": ADVERTISING,
    "ad_storage": ADVERTISING, "ad_user_data": ADVERTISING, "ad_personalization": ADVERTISING,
    "datasharing": ADVERTISING, "social media": ADVERTISING, "c0004": ADVERTISING,
    "c0005": ADVERTISING,
}  # fmt: skip
"""Purposes by the names that consent tools give them, in lower case."""
_IAB = {7: ADVERTISING, 8: ANALYTICS, 9: ANALYTICS, 5: PERSONALIZATION, 6: PERSONALIZATION,
        2: ADVERTISING, 3: ADVERTISING, 4: ADVERTISING}  # fmt: skip
"""Purposes by the numbers of the IAB's Transparency and Consent Framework."""
_TCF_PURPOSES_AT, _TCF_PURPOSES = 152, 24
"""Where the purposes stand in the core of its string, and how many bits they are."""
_CATEGORIES = ("categoryPreferences", "category_preferences", "categories")
_STRINGS = ("tcString", "tc_string", "tcf")
_WORDS = {"granted": True, "denied": False, "true": True, "false": False, "1": True, "0": False}


class Said(NamedTuple):
    """What an event says: the purposes that it names, and those that it allows."""

    named: int
    allowed: int

    def over(self, before: int) -> int:
        """Return the mask after this was said; what is not named stays as before."""
        return before & ~self.named | self.allowed


NOTHING_SAID = Said(0, 0)
_DENIED = Said(EVERYTHING, 0)


REPORTED = f"(bitAnd(consent, {ANALYTICS}) != 0 OR source = '{ADS_SOURCE}')"
"""The SQL that holds for events that reports may count. The ads' own events are what advertisers
are billed by, so they count like orders."""


def is_reported(mask: int, source: str) -> bool:
    """Say the same as ``REPORTED`` of one event."""
    return bool(mask & ANALYTICS) or source == ADS_SOURCE


def mask_of(purposes: Iterable[str]) -> int:
    """Return the mask of purposes by their names."""
    return sum({PURPOSES[name] for name in purposes})


def allows(purposes: int, table: str = "") -> str:
    """Return the SQL that holds for rows whose consent allows every purpose of a mask."""
    column = f"{table}.consent" if table else "consent"
    return f"bitAnd({column}, {purposes}) = {purposes}"


def read_consent(raw: bytes) -> Said:
    """Return what ``context.consent`` says, given as JSON; the same words are read once."""
    if raw == b"null":
        return NOTHING_SAID
    return _read(raw) if len(raw) <= BYTES_MAX else _DENIED


@lru_cache(maxsize=STATEMENTS_IN_MEMORY_MAX)
def _read(raw: bytes) -> Said:
    try:
        return _said(msgspec.json.decode(raw))
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return _DENIED


def _said(value: Any) -> Said:
    if isinstance(value, bool):
        return Said(EVERYTHING, EVERYTHING if value else 0)
    if isinstance(value, str):
        return _by_word(value)
    if not isinstance(value, Mapping):
        return _DENIED
    given = {name: value[name] for name in value if isinstance(name, str)}
    found = [_of_names(value)]
    found += [_of_names(part) for name, part in given.items() if name in _CATEGORIES]
    found += [_of_numbers(part) for name, part in given.items() if name == "purposes"]
    found += [_by_word(str(part)) for name, part in given.items() if name in _STRINGS]
    return _together(found)


def _by_word(word: str) -> Said:
    granted = _WORDS.get(word.lower())
    if granted is None:
        return _of_string(word)
    return Said(EVERYTHING, EVERYTHING if granted else 0)


def _together(found: list[Said]) -> Said:
    """Return all statements as one: a purpose that one of them denies is denied."""
    named = denied = 0
    for said in found:
        named |= said.named
        denied |= said.named & ~said.allowed
    return Said(named, named & ~denied)


def _of_names(given: Any) -> Said:
    if not isinstance(given, Mapping):
        return _DENIED
    return _together(
        [
            _one(_NAMES[name.lower()], value)
            for name, value in given.items()
            if isinstance(name, str) and name.lower() in _NAMES
        ]
    )


def _one(purpose: int, value: Any) -> Said:
    if isinstance(value, str):
        value = _WORDS.get(value.lower(), False)
    return Said(purpose, purpose if value is True or value == 1 else 0)


def _of_numbers(given: Any) -> Said:
    """Return the purposes by the IAB's numbers; of a list, those that are missing are denied."""
    if isinstance(given, list):
        listed = {str(number) for number in given if isinstance(number, int | str)}
        return _together([_one(_IAB[number], str(number) in listed) for number in _IAB])
    if not isinstance(given, Mapping):
        return _DENIED
    known = {str(number): purpose for number, purpose in _IAB.items()}
    numbered = [_one(known[name], value) for name, value in given.items() if name in known]
    return _together([*numbered, _of_names(given)])


def _of_string(text: str) -> Said:
    """Return the purposes of an IAB consent string, version 2."""
    core = text.partition(".")[0]
    try:
        raw = base64.b64decode(core + "=" * (-len(core) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return _DENIED
    bits = 8 * len(raw)
    end = _TCF_PURPOSES_AT + _TCF_PURPOSES
    if bits < end or raw[0] >> 2 != 2:
        return _DENIED
    purposes = int.from_bytes(raw) >> (bits - end)
    return _of_numbers([number for number in _IAB if purposes >> (_TCF_PURPOSES - number) & 1])


class Consents:
    """What was last said on each device, so that a server's order keeps the shopper's word."""

    def __init__(self, state: Keyed[int], default: int = EVERYTHING) -> None:
        self._state = state
        self._default = default

    def see(self, device: str, said: Said) -> int:
        """Return the mask of an event on a device, and remember what it says."""
        before = self._state.get(device)
        if said.named == 0:
            return self._default if before is None else before
        mask = said.over(self._default if before is None else before)
        if mask != before:
            self._state.put(device, mask)
        return mask
