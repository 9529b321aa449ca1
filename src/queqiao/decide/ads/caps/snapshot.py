"""A snapshot of the counters on disk, and the log from there on: how counters are made again.

The table is believed as long as the machine has not been started anew. Afterwards the last
snapshot is read, and the ads that the log holds from there on are counted again. The snapshot
notes the end of the log before it is taken, so nothing is missed; an ad served while it was taken
may be counted twice, which shows somebody one ad fewer, never more.
"""

import os
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import structlog
from msgspec import Struct

from queqiao.decide.ads.caps.frequency import Counted
from queqiao.decide.ads.caps.people import People
from queqiao.decide.ads.caps.rows import used
from queqiao.decide.ads.caps.table import BLOCK_BYTES, BLOCK_WORDS, Array, Full, Table
from queqiao.decide.ads.contracts import SOURCE
from queqiao.kernel.whole_file import sync_folder
from queqiao.ports.event_log.base import EventLogReader

log = structlog.get_logger()

MAGIC = b"qqcaps02"
HEAD_BYTES = 24
READ_AT_ONCE = 5_000
SERVED = "Ad Served"
_MARK = b'"Ad '
"""Stands in the body of every event of an ad: others are not decoded."""


class AdEvent(Struct):
    """What counters need of an event of an ad."""

    timestamp_us: int
    source: str
    event: str = ""
    properties: "_Properties | None" = None

    @property
    def counted(self) -> Counted | None:
        """What the ad counted under, None when nothing counted it."""
        return None if self.properties is None else self.properties.frequency


class _Properties(Struct):
    decision_id: str = ""
    frequency: Counted | None = None


_decoder = msgspec.json.Decoder(AdEvent)


def ad_event(body: bytes) -> AdEvent | None:
    """Return an event of our ads, None for any other one."""
    if _MARK not in body:
        return None
    try:
        event = _decoder.decode(body)
    except msgspec.ValidationError:  # somebody else's, whose properties have other types
        return None
    return event if event.source == SOURCE else None


def write(path: Path, table: Table, offset: int, taken_back: int = 0) -> int:
    """Write the used blocks durably, as of the log's end ``offset``; return how many.

    ``taken_back`` is up to where unseen ads may have been taken back.

    Raises OSError; what was there before stays then.
    """
    fresh, count = path.with_suffix(".new"), 0
    with fresh.open("wb") as file:
        file.write(MAGIC + offset.to_bytes(8, "little") + taken_back.to_bytes(8, "little"))
        for blocks in used(table):
            file.write(blocks.tobytes())
            count += len(blocks)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync_folder(path.parent)
    return count


class Snapshot(NamedTuple):
    """The blocks of a snapshot, and what ``write`` was told."""

    blocks: Array
    offset: int
    taken_back: int


def read(path: Path) -> Snapshot | None:
    """Return a snapshot; None when there is none that is whole."""
    try:
        body = path.read_bytes()
    except FileNotFoundError:
        return None
    if body[:8] != MAGIC or len(body) % BLOCK_BYTES != HEAD_BYTES:
        log.error("the snapshot of frequency counters cannot be read", path=str(path))
        return None
    blocks = np.frombuffer(body, dtype=np.uint64, offset=HEAD_BYTES).reshape(-1, BLOCK_WORDS)
    offset, taken_back = (int.from_bytes(body[at : at + 8], "little") for at in (8, 16))
    return Snapshot(blocks, offset, taken_back)


def count_again(people: People, reader: EventLogReader, offset: int) -> int:
    """Count the ads that the log holds after an offset; return how many. Raises Full."""
    counted = 0
    while events := reader.read(offset, READ_AT_ONCE):
        for stored in events:
            event = ad_event(stored.body)
            told = event.counted if event is not None and event.event == SERVED else None
            if event is None or told is None:
                continue
            people.count(int(told.person, 16), told.tags(), {}, event.timestamp_us)
            counted += 1
        offset = events[-1].offset
    return counted


__all__ = ["AdEvent", "Full", "ad_event", "count_again", "read", "write"]
