"""Erased people in that part of the log which no table has loaded yet.

A backup may be of a log that is ahead of its tables. Where a newer book is put beside it, the tail
of the log is read once, event by event, before any of it is loaded: no row tells of it. That costs
as much as decoding its envelopes, at each start until the tables have come up to the last erasure.
"""

import asyncio
from collections.abc import Iterable, Sequence

import msgspec
import structlog

from queqiao.kernel.envelope import Envelope, decode_envelope
from queqiao.kernel.errors import InvalidInput
from queqiao.ports.event_log.base import StoredEvent
from queqiao.process.erasure_book import Subject
from queqiao.process.erasure_log import LogEraser
from queqiao.process.facts import FactReader
from queqiao.process.identifiers import identifiers_of
from queqiao.process.properties import read_properties, text_of
from queqiao.process.stitching_events import is_order, named_by_order
from queqiao.process.veil import Veil

log = structlog.get_logger()

_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Tail:
    """What is found of erased people: where, and by which ids and identifiers (``subject``).

    ``theirs`` are the offsets of their events, ``orders`` those of an operator's that name them.
    Ids are as the events bear them: names of the veil, where these were rewritten already.
    """

    def __init__(self, facts: FactReader, veil: Veil) -> None:
        self._facts = facts
        self._veil = veil
        self._devices: set[str] = set()  # whose last login here was an erased person's
        self.theirs: list[int] = []
        self.orders: list[int] = []
        self._ids: set[str] = set()
        self._held: set[str] = set()

    @property
    def offsets(self) -> list[int]:
        """All of these, ascending."""
        return sorted([*self.theirs, *self.orders])

    @property
    def subject(self) -> Subject:
        """All of these people, as one."""
        return Subject(numbers=dict.fromkeys(sorted(self._ids), 0), identifiers=sorted(self._held))

    def see(self, events: Sequence[StoredEvent]) -> None:
        """Look at the next events, in order. Blocking."""
        for event in events:
            try:
                envelope = decode_envelope(event.body)
            except _UNREADABLE:  # nobody's that could be told
                continue
            self._see(event, envelope)

    def _see(self, event: StoredEvent, envelope: Envelope) -> None:
        if is_order(envelope):
            self._see_order(event, envelope)
            return
        device, user = _previous_id(envelope) or envelope.anonymous_id, envelope.user_id
        ids = self._erased((envelope.anonymous_id, device, user), event.offset)
        is_users = self._is_of_last_user(device, user, ids)
        if not ids and not is_users:
            return
        self.theirs.append(event.offset)
        self._ids.update(ids)
        self._held.update(self._identifiers(event))

    def _see_order(self, event: StoredEvent, envelope: Envelope) -> None:
        ids = self._erased(named_by_order(envelope), event.offset)
        if ids:
            self.orders.append(event.offset)
            self._ids.update(ids)

    def _erased(self, ids: Iterable[str | None], offset: int) -> list[str]:
        return [one for one in ids if one and self._veil.is_erased(one, offset)]

    def _is_of_last_user(self, device: str | None, user: str | None, erased: Sequence[str]) -> bool:
        """Say whether an event names a device only, on which an erased person last logged in."""
        if not user:
            return device in self._devices
        if device and user in erased:
            self._devices.add(device)
        elif device:
            self._devices.discard(device)
        return False

    def _identifiers(self, event: StoredEvent) -> list[str]:
        """Return the phones and such of an event that erased people held."""
        try:
            found = identifiers_of(self._facts.read(event))
        except InvalidInput:
            return []
        except Exception:
            log.exception("an event could not be read to erase it", offset=event.offset)
            return []
        return [one for one in found if self._veil.is_erased(one, event.offset)]


def _previous_id(envelope: Envelope) -> str:
    """Return which id an alias call gives up; empty where it is none, or cannot be read."""
    if envelope.type != "alias":
        return ""
    try:
        known, _ = read_properties(bytes(envelope.properties))
    except msgspec.DecodeError:
        return ""
    return text_of(known.previous_id)


async def tail_of(
    event_log: LogEraser, facts: FactReader, veil: Veil, after: int, end: int
) -> Tail:
    """Return what is of erased people behind one offset, up to another."""
    tail = Tail(facts, veil)
    while after < end and (events := await asyncio.to_thread(event_log.read, after)):
        await asyncio.to_thread(tail.see, [one for one in events if one.offset <= end])
        after = events[-1].offset
    return tail
