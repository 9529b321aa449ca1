"""What was refused: kept whole and durably, listed, and tried again after a fix."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Protocol

import msgspec

from queqiao.collect.contracts import BadRow, KeptBadRow, Replay
from queqiao.collect.logs.line_ids import place_of
from queqiao.kernel.errors import QueqiaoError
from queqiao.ports.journal import Disk, Frame, Journal, JournalReader, Landmarks


class _Replayed(msgspec.Struct, tag="replayed"):
    """A mark: the row at this position became an event. Of an erased person's the id is empty."""

    position: int
    message_id: str


class _Kept(msgspec.Struct, tag="row"):
    row: BadRow


READ_BYTES = 1 << 15
"""Twice the spacing of landmarks: one read finds most rows."""

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Kept | _Replayed)


def rows_of(folder: Path) -> Iterator[tuple[str, BadRow]]:
    """Yield all rows of a folder with their ids, from any process."""
    reader = JournalReader(folder)
    try:
        for frame in reader.read():
            entry = _decoder.decode(frame.payload)
            if isinstance(entry, _Kept):
                yield str(frame.position), entry.row
    finally:
        reader.close()


class BadRows(Protocol):
    """Bad rows as the console's role sees them."""

    async def list(self, limit: int, before: str | None) -> list[KeptBadRow]:
        """Return rows, newest first, older than the row ``before``."""
        ...

    async def replay(self, ids: Sequence[str]) -> Replay:
        """Try rows again. Repeating a replay changes nothing."""
        ...


class BadRowsLog:
    """The rows, in a journal of their own. A row's id is its position there.

    Nothing in memory grows by the row but half a byte a kilobyte, since anybody may send what is
    refused; the journal is read once at opening. Lines of a followed file come in order, and again
    after a crash: of each file the furthest is remembered, and kept once.
    """

    def __init__(self, folder: Path, disk: Disk | None = None) -> None:
        self._journal = Journal.open(folder, disk=disk)
        self._reader = JournalReader(folder, READ_BYTES)
        self._landmarks = Landmarks(self._reader)
        self._replayed: dict[int, str] = {}
        self._marks: defaultdict[int, list[int]] = defaultdict(list)
        self._emptied: set[int] = set()
        self._marking = asyncio.Lock()
        self._furthest: dict[str, int] = {}
        self._lines = asyncio.Lock()
        for frame in self._reader.read():
            self._learn(frame.position, _decoder.decode(frame.payload))

    def _learn(self, position: int, entry: _Kept | _Replayed) -> None:
        self._landmarks.note(position)
        if isinstance(entry, _Replayed):
            self._note_mark(position, entry)
        else:
            if not entry.row.body:
                self._emptied.add(position)
            self._note_lines([entry.row])

    def _note_mark(self, position: int, mark: _Replayed) -> None:
        self._replayed[mark.position] = mark.message_id
        self._marks[mark.position].append(position)

    async def keep(self, rows: Sequence[BadRow]) -> None:
        """Return when the rows are on disk. Raises StorageFull."""
        if all(row.own_id is None for row in rows):
            await self._keep(rows)
            return
        async with self._lines:  # a call that was given up may still be at work
            fresh = [row for row in rows if not self._is_known(row)]
            await self._keep(fresh)
            self._note_lines(fresh)

    def _is_known(self, row: BadRow) -> bool:
        place = place_of(row.own_id)
        return place is not None and place.offset <= self._furthest.get(place.file, -1)

    def _note_lines(self, rows: Sequence[BadRow]) -> None:
        for place in filter(None, (place_of(row.own_id) for row in rows)):
            self._furthest[place.file] = max(place.offset, self._furthest.get(place.file, -1))

    async def _keep(self, rows: Sequence[BadRow]) -> None:
        waiting = [self._journal.append(_encoder.encode(_Kept(row))) for row in rows]
        for position in await _all(waiting):
            self._landmarks.note(position)

    async def mark_replayed(self, row_id: str, message_id: str) -> None:
        """Note durably that a row became an event; of a row that was emptied not which."""
        position = int(row_id)
        async with self._marking:  # an emptying sees all marks
            mark = _Replayed(position, "" if position in self._emptied else message_id)
            at = await self._journal.append(_encoder.encode(mark))
            self._landmarks.note(at)
            self._note_mark(at, mark)

    async def empty(self, ids: Sequence[str]) -> None:
        """Take the original bytes out of rows, durably, and leave why and when they were refused.

        A row that became an event says no more which one; nor do rows that were emptied before.
        Raises StorageFull or Unavailable.
        """
        found = [kept for kept in map(self.find, ids) if kept is not None and kept.row.body]
        changes = [
            (int(kept.id), _encoder.encode(_Kept(msgspec.structs.replace(kept.row, body=b""))))
            for kept in found
        ]
        async with self._marking:
            self._emptied.update(position for position, _ in changes)
            named = [one for one in self._emptied if self._replayed.get(one)]
            changes += [
                (mark, _encoder.encode(_Replayed(position, "")))
                for position in named
                for mark in self._marks[position]
            ]
            await asyncio.to_thread(self._journal.rewrite, changes)
            self._replayed.update(dict.fromkeys(named, ""))

    def newest(self, limit: int, before: str | None) -> list[KeptBadRow]:
        """Return up to ``limit`` rows, newest first, older than the row ``before``."""
        end = self._reader.end if before is None else int(before)
        kept = map(self._kept, self._landmarks.backwards(end))
        return list(islice(filter(None, kept), limit))

    def find(self, row_id: str) -> KeptBadRow | None:
        """Return one row, or None when there is no such row."""
        if not (row_id.isascii() and row_id.isdecimal() and len(row_id) < 20):
            return None
        frame = self._landmarks.find(int(row_id))
        return None if frame is None else self._kept(frame)

    def _kept(self, frame: Frame) -> KeptBadRow | None:
        """Return the row that a frame is, or None of a mark."""
        entry = _decoder.decode(frame.payload)
        if isinstance(entry, _Replayed):
            return None
        return KeptBadRow(str(frame.position), entry.row, self._replayed.get(frame.position))

    @property
    def broken(self) -> QueqiaoError | None:
        """The fault that ended this writer, or None."""
        return self._journal.broken

    def close(self) -> None:
        """Commit what is queued and give the folder up."""
        self._journal.close()
        self._reader.close()


async def _all(waiting: Sequence["asyncio.Future[int]"]) -> list[int]:
    """Wait for all, then raise the first error: no failure is left behind unheard."""
    results = await asyncio.gather(*waiting, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return [result for result in results if isinstance(result, int)]
