"""The snapshot: the whole ledger as of one position of its journal, so that a restart is quick.

One file of blocks, each a length, a CRC and msgpack: a header, then counters, then holdings, some
thousands to a block. It is written beside the old one, fsynced and renamed over it.
"""

import os
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from struct import Struct
from typing import Any, BinaryIO, TypeVar
from zlib import crc32

import msgspec

from queqiao.kernel.errors import Broken, Message
from queqiao.ports.ledger.books import Standing, opening
from queqiao.ports.ledger.state import LedgerState
from queqiao.ports.ledger.steps import Holding

SNAPSHOT_NAME = "snapshot"
JOURNAL_NAME = "journal"
BLOCK_ROWS = 2_000

Counter = tuple[str, int, list[int]]
Row = TypeVar("Row")

_HEADER = Struct("<II")
_encoder = msgspec.msgpack.Encoder()


class Header(msgspec.Struct, array_like=True):
    """Where the journal goes on from, the latest time of a step, and how many rows follow."""

    position: int
    latest_us: int
    counters: int
    holdings: int


class Copy(msgspec.Struct):
    """A state frozen at one moment; its position in the journal is learned a little later."""

    latest_us: int
    standings: list[tuple[str, Standing]]
    holdings: list[tuple[str, Holding]]

    def counters(self) -> list[Counter]:
        """Return the counters as they are written; for callers that are not in a hurry."""
        return list(opening(self.standings))


def copy(state: LedgerState) -> Copy:
    """Return a copy that later steps do not change: what it holds is immutable and shared.

    A million counters and keys take some 20 ms, in which no step is done.
    """
    return Copy(state.latest_us, state.books.copy(), list(state.holdings.items()))


def write(folder: Path, frozen: Copy, position: int) -> int:
    """Write the snapshot durably; return its size in bytes. Raises OSError; the old one stays."""
    target = folder / SNAPSHOT_NAME
    fresh = target.with_suffix(".new")
    try:
        with fresh.open("wb") as file:
            header = Header(position, frozen.latest_us, len(frozen.standings), len(frozen.holdings))
            _put(file, header)
            for counters in _blocks(opening(frozen.standings)):
                _put(file, counters)
            for holdings in _blocks(frozen.holdings):
                _put(file, holdings)
            file.flush()
            os.fsync(file.fileno())
        size = fresh.stat().st_size
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)
    _sync_folder(folder)
    return size


def load(folder: Path, state: LedgerState) -> int:
    """Fill an empty state; return the position from which the journal goes on (0 without one).

    Raises Broken when the file is damaged: it was fsynced before it took its name.
    """
    try:
        file = (folder / SNAPSHOT_NAME).open("rb")
    except FileNotFoundError:
        return 0
    with file:
        header: Header = _get(file, Header)
        for name, wanted, books in _rows(file, Counter, header.counters):
            state.books.open(name, wanted, books)
        for key, holding in _rows(file, tuple[str, Holding], header.holdings):
            state.open(key, holding)
    state.latest_us = header.latest_us
    return header.position


def _blocks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    iterator = iter(rows)
    while block := list(islice(iterator, BLOCK_ROWS)):
        yield block


def _put(file: BinaryIO, value: Any) -> None:
    body = _encoder.encode(value)
    file.write(_HEADER.pack(len(body), crc32(body)))
    file.write(body)


def _get(file: BinaryIO, kind: Any) -> Any:
    header = file.read(_HEADER.size)
    if len(header) == _HEADER.size:
        length, crc = _HEADER.unpack(header)
        body = file.read(length)
        if crc32(body) == crc:
            return msgspec.msgpack.decode(body, type=kind)
    raise Broken(
        Message(
            "账本快照已损坏，请从备份恢复", "the ledger's snapshot is damaged; restore a backup"
        )
    )


def _rows(file: BinaryIO, kind: Any, count: int) -> Iterator[Any]:
    left = count
    while left > 0:
        block = _get(file, list[kind])
        left -= len(block)
        yield from block


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
