"""The usual calls of a sound batch, judged column by column.

The rules are those of ``validation``; here each is asked once of a whole column, by C loops. What
a column cannot settle (a number for an id, a name that is not NFC, a call of a rare kind, a time
that is missing, a fault) is left to ``validation``, call by call: then None is the answer. A test
holds both against each other.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import chain, repeat
from operator import attrgetter, floordiv, itemgetter, sub
from typing import Any
from unicodedata import is_normalized

import msgspec
from msgspec import Raw
from xxhash import xxh3_64_digest

from queqiao.collect.known import check_known
from queqiao.collect.messages import Content, SegmentCall, encode_content
from queqiao.collect.schemas import Schemas
from queqiao.collect.validation import EARLIEST_US, EPOCH, LATEST_US, Origin
from queqiao.kernel import json
from queqiao.kernel.envelope import EMPTY
from queqiao.kernel.errors import InvalidInput
from queqiao.ports.event_log.base import NewEvents

_USUAL = frozenset(("track", "page", "screen", "identify"))
_TEXT = frozenset((str,))
_TEXT_OR_NONE = frozenset((str, type(None)))
_NONE = frozenset((None,))
_MICROSECOND = timedelta(microseconds=1)
_OBJECT = frozenset(b"{")
_FLAT_BYTES_MAX = 2 * json.DEPTH_MAX
"""A part of no more bytes cannot be nested too deeply, ..."""
_FLAT_OBJECT_BYTES_MAX = 5 * json.DEPTH_MAX
"""... nor can one of so many without an array: an object within another takes five, ``{"":}``."""

_of_call = attrgetter(
    "type", "event", "name", "message_id", "anonymous_id", "user_id", "timestamp", "sent_at",
    "context", "properties", "traits",
)  # fmt: skip
_original_time = attrgetter("original_timestamp")
_first_byte = itemgetter(0)


def usual_events(
    calls: Sequence[SegmentCall], origin: Origin, schemas: Schemas
) -> NewEvents | None:
    """Return the events of calls from a body that is sound, or None when one is not usual."""
    kinds, events, names, ids, devices, users, times, sent, own, properties, traits = zip(
        *map(_of_call, calls), strict=True
    )
    if not (_USUAL.issuperset(kinds) and _NONE.issuperset(sent)):
        return None
    said = _names(kinds, events, names)
    if said is None or not _are_texts(ids, devices, users, said):
        return None
    contexts = _with_default(own, origin.context)
    if "identify" in kinds and any(b'"traits"' in bytes(context) for context in contexts):
        return None
    try:
        moments, ending = _moments(calls, times, origin)
        raws = list(map(bytes, properties))
        others = (bytes(part) for part in chain(contexts, traits) if part is not EMPTY)
        if moments is None or not _are_flat_objects([*raws, *others]):
            return None
        for kind, event, raw in zip(kinds, events, raws, strict=True):
            if kind == "track":
                check_known(event, raw)
        marks = (
            list(map(schemas.mark, kinds, said, properties, traits)) if schemas.any else repeat(b"")
        )
    except (InvalidInput, msgspec.MsgspecError, TypeError):
        return None
    source = repeat(origin.source)
    contents = map(
        Content, ids, kinds, source, moments, said, devices, users, contexts, properties, traits
    )
    encoded = list(map(encode_content, contents))
    bodies = [content[:-1] + mark + ending for content, mark in zip(encoded, marks, strict=False)]
    return NewEvents(origin.source, ids, bodies, list(map(xxh3_64_digest, encoded)))


def _names(
    kinds: Sequence[str], events: Sequence[str | None], names: Sequence[str | None]
) -> Sequence[str | None] | None:
    """Return what each call names: its event, or the name of its page. None when one is wrong."""
    if kinds.count("track") == len(kinds):
        return events if all(events) else None
    said = [
        event if kind == "track" else name if kind != "identify" else None
        for kind, event, name in zip(kinds, events, names, strict=True)
    ]
    missing = any(kind == "track" and not name for kind, name in zip(kinds, said, strict=True))
    return None if missing else said


def _are_texts(
    ids: Sequence[Any],
    devices: Sequence[Any],
    users: Sequence[Any],
    names: Sequence[str | None],
) -> bool:
    """Say whether all ids are texts in NFC, none of them empty, and each call names somebody."""
    if not (_TEXT.issuperset(map(type, ids)) and all(ids)):
        return False
    people = (*devices, *users)
    if not _TEXT_OR_NONE.issuperset(map(type, people)) or "" in people or "" in names:
        return False
    if (None, None) in zip(devices, users, strict=True):
        return False
    whole = "".join(filter(None, chain(ids, people, names)))
    return whole.isascii() or is_normalized("NFC", whole)


def _with_default(contexts: Sequence[Raw], default: Raw) -> Sequence[Raw]:
    if default is EMPTY:
        return contexts
    return [default if context is EMPTY else context for context in contexts]


def _moments(
    calls: Sequence[SegmentCall], times: Sequence[Any], origin: Origin
) -> tuple[Iterable[int] | None, bytes]:
    """Return when the calls say they happened, and how their envelopes end.

    Where none of them says it, it is when they came, and their times stand as zeros.
    """
    if times[0] is None and _NONE.issuperset(chain(times, map(_original_time, calls))):
        return repeat(0), b',"timestamp_us":%d%b' % (origin.received_at_us, origin.times)
    return _microseconds(times), origin.times


def _microseconds(times: Sequence[Any]) -> Sequence[int] | None:
    """Return the times as microseconds. Raises TypeError for what is no time with an offset."""
    moments = list(map(floordiv, map(sub, times, repeat(EPOCH)), repeat(_MICROSECOND)))
    usual = min(moments) >= EARLIEST_US and max(moments) < LATEST_US
    return moments if usual else None


def _are_flat_objects(raws: Sequence[bytes]) -> bool:
    """Say whether all parts are JSON objects that cannot be nested too deeply."""
    if not _OBJECT.issuperset(map(_first_byte, raws)):
        return False
    return all(
        raw.count(b"{") + raw.count(b"[") <= json.DEPTH_MAX
        for raw in raws
        if len(raw) > _FLAT_BYTES_MAX and (len(raw) > _FLAT_OBJECT_BYTES_MAX or b"[" in raw)
    )
