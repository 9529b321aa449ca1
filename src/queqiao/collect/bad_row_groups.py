"""Bad rows by what is wrong with them: the same source, event, place and reason are one group.

The index follows the journal of the bad rows from any process, so that thousands of rows with one
cause are one line to a person and cost the intake nothing. It also finds rows by their message id.
"""

from array import array
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from threading import Lock

import msgspec
from xxhash import xxh3_64_hexdigest

from queqiao.collect.bad_row_ids import BadRowIds, message_id_of
from queqiao.collect.bad_rows import _decoder, _Replayed
from queqiao.collect.contracts import BadRow, KeptBadRow
from queqiao.kernel.clock import MINUTE_US
from queqiao.kernel.errors import Message
from queqiao.ports.journal import JournalReader

MINUTES_KEPT = 24 * 60
"""So many minutes of counts by source are remembered."""
_EVENT_NAME_MAX = 200


class _Named(msgspec.Struct):
    """What tells the kind of an event, in the protocols that name it at the top."""

    event: object = None
    type: object = None


_named = msgspec.json.Decoder(_Named)


class Group(msgspec.Struct):
    """Rows that were refused for one reason. ``waiting`` of the ``rows`` are not replayed yet."""

    id: str
    source: str
    protocol: str
    code: str
    event: str
    path: str
    reason: Message
    schema_version: int
    first_at_us: int
    last_at_us: int
    rows: int = 0
    waiting: int = 0
    positions: "array[int]" = msgspec.field(default_factory=lambda: array("Q"))


class BadRowGroups:
    """The groups of one journal. Some 150 bytes of memory a row; safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        self._reader = JournalReader(folder)
        self._next = 0
        self._lock = Lock()
        self._groups: dict[str, Group] = {}
        self._group_of: dict[int, str] = {}
        self._replayed: dict[int, str] = {}
        self._minutes: Counter[tuple[str, int]] = Counter()
        self._ids = BadRowIds()

    def groups(self) -> list[Group]:
        """Return all groups, that of the newest row first. Blocking: reads what is new."""
        with self._lock:
            self._catch_up()
            return sorted(self._groups.values(), key=lambda one: -one.last_at_us)

    def group(self, group_id: str) -> Group | None:
        """Return one group, or None when there is none of this id. Blocking."""
        with self._lock:
            self._catch_up()
            return self._groups.get(group_id)

    def newest(self, group: Group, limit: int) -> list[KeptBadRow]:
        """Return up to ``limit`` rows of a group, newest first. Blocking."""
        with self._lock:
            return [self._at(position) for position in reversed(group.positions[-limit:])]

    def waiting(self, group: Group, limit: int) -> list[str]:
        """Return the ids of up to ``limit`` rows that were not replayed yet, oldest first."""
        with self._lock:
            found = (str(one) for one in group.positions if one not in self._replayed)
            return [row_id for _, row_id in zip(range(limit), found, strict=False)]

    def row(self, row_id: str) -> KeptBadRow | None:
        """Return one row whole, or None. Blocking."""
        if not (row_id.isascii() and row_id.isdecimal() and len(row_id) < 20):
            return None
        with self._lock:
            self._catch_up()
            return self._at(int(row_id)) if int(row_id) in self._group_of else None

    def named(self, message_id: str, limit: int) -> list[KeptBadRow]:
        """Return up to ``limit`` rows that bear a message id, newest first. Blocking."""
        with self._lock:
            self._catch_up()
            found: list[KeptBadRow] = []
            for position in reversed(list(self._ids.positions(message_id))):
                kept = self._at(position)
                if message_id_of(kept.row) == message_id:
                    found.append(kept)
                if len(found) == limit:
                    break
            return found

    def by_minute(self, since_us: int) -> dict[tuple[str, int], int]:
        """Return how many rows came, by source and minute since 1970, from ``since_us`` on."""
        first = since_us // MINUTE_US
        with self._lock:
            self._catch_up()
            return {key: count for key, count in self._minutes.items() if key[1] >= first}

    def _catch_up(self) -> None:
        for frame in self._reader.read(self._next):
            entry = _decoder.decode(frame.payload)
            if isinstance(entry, _Replayed):
                self._note_replay(entry)
            else:
                self._note(frame.position, entry.row)
            self._next = frame.next_position
        if self._minutes:
            oldest = max(minute for _, minute in self._minutes) - MINUTES_KEPT
            for key in [key for key in self._minutes if key[1] < oldest]:
                del self._minutes[key]

    def _note_replay(self, entry: _Replayed) -> None:
        group_id = self._group_of.get(entry.position)
        if group_id is not None and entry.position not in self._replayed:
            self._groups[group_id].waiting -= 1
            self._replayed[entry.position] = entry.message_id

    def _note(self, position: int, row: BadRow) -> None:
        event = event_of(row)
        told = (row.source, row.protocol, row.code, event, row.path, row.reason.en)
        words = "\0".join((*told, str(row.schema_version)))
        group_id = xxh3_64_hexdigest(words.encode("utf-8", "replace"))
        group = self._groups.get(group_id)
        if group is None:
            group = self._groups[group_id] = _group(group_id, event, row)
        group.rows += 1
        group.waiting += 1
        group.first_at_us = min(group.first_at_us, row.received_at_us)
        group.last_at_us = max(group.last_at_us, row.received_at_us)
        group.positions.append(position)
        self._group_of[position] = group_id
        self._minutes[row.source, row.received_at_us // MINUTE_US] += 1
        self._ids.note(position, row)

    def _at(self, position: int) -> KeptBadRow:
        frames: Iterator[bytes] = (frame.payload for frame in self._reader.read(position))
        row: BadRow = _decoder.decode(next(frames)).row
        if not row.body and position in self._replayed:  # emptied since, and so was its mark
            self._replayed[position] = ""
        return KeptBadRow(str(position), row, self._replayed.get(position))


def _group(group_id: str, event: str, row: BadRow) -> Group:
    return Group(
        group_id,
        row.source,
        row.protocol,
        row.code,
        event,
        row.path,
        row.reason,
        row.schema_version,
        row.received_at_us,
        row.received_at_us,
    )


def event_of(row: BadRow) -> str:
    """Return the name of the event in a refused call, or its kind; empty where none is told."""
    try:
        named = _named.decode(row.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return row.call or ""
    for told in (named.event, row.call, named.type):
        if isinstance(told, str) and told:
            return told[:_EVENT_NAME_MAX]
    return ""
