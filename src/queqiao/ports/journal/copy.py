"""A copy of a journal while its writer goes on: what was committed at one moment, whole.

Segments only grow, so what lies before the watermark stays, but for two things: a frame may be
rewritten in its place, and old segments may be dropped. So every frame of the copy is read again,
and what was caught in the middle of a rewriting is copied once more.
"""

import os
import time
from itertools import pairwise
from pathlib import Path

from queqiao.kernel.errors import Broken
from queqiao.ports.journal.base import segment_name
from queqiao.ports.journal.reader import JournalReader, segment_bases
from queqiao.ports.journal.watermark import Watermark

TRIES = 20
PAUSE_S = 0.1
_CHUNK_BYTES = 1 << 20


def copy_journal(source: Path, target: Path) -> None:
    """Copy what is committed to a new folder, durably.

    Raises Broken when a frame stays damaged, FileNotFoundError when a segment was dropped
    meanwhile: then begin again.
    """
    target.mkdir(parents=True)
    reader = JournalReader(source)
    mark, end = reader.mark, reader.end  # in this order: whoever sees a mark can read up to it
    reader.close()
    watermark = Watermark(target, writable=True)
    watermark.move(end, mark)
    watermark.close()
    bases = [base for base in segment_bases(source) if base < end]
    for base, stop in pairwise([*bases, end]):
        _copy_segment(source, target, base, stop)


def _copy_segment(source: Path, target: Path, base: int, stop: int) -> None:
    for turn in range(TRIES):
        _copy_bytes(source / segment_name(base), target / segment_name(base), stop - base)
        try:
            _read(target, base, stop)
        except Broken:
            if turn == TRIES - 1:
                raise
            time.sleep(PAUSE_S)
        else:
            return


def _copy_bytes(source: Path, target: Path, count: int) -> None:
    with source.open("rb") as from_, target.open("wb") as to:
        while count and (chunk := from_.read(min(count, _CHUNK_BYTES))):
            to.write(chunk)
            count -= len(chunk)
        to.flush()
        os.fsync(to.fileno())


def _read(folder: Path, start: int, stop: int) -> None:
    """Read the frames of a segment. Raises Broken when one is damaged."""
    reader = JournalReader(folder)
    try:
        for frame in reader.read(start):
            if frame.next_position >= stop:
                break
    finally:
        reader.close()
