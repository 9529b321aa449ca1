"""Finding single frames again without a number in memory for each of them.

Only where a frame starts every so many bytes is remembered: half a byte of memory a kilobyte of
journal. From there a few frames are read to the one that is wanted, or to learn that there is none.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from itertools import takewhile

from queqiao.ports.journal.base import Frame
from queqiao.ports.journal.reader import JournalReader

SPACING_BYTES = 1 << 14


class Landmarks:
    """Belongs to whoever writes the journal, and to the thread of the reader."""

    def __init__(self, reader: JournalReader) -> None:
        self._reader = reader
        self._starts = array("Q")

    def note(self, position: int) -> None:
        """Know that a frame starts here. Every frame is noted once, in nearly any order."""
        starts = self._starts
        if not starts or position >= starts[-1] + SPACING_BYTES:
            starts.append(position)
        elif position < starts[0]:
            starts.insert(0, position)

    def find(self, position: int) -> Frame | None:
        """Return the committed frame that starts here, or None when none does.

        Raises Broken when the journal is damaged on the way.
        """
        index = bisect_right(self._starts, position) - 1
        if index < 0:
            return None
        for frame in self._reader.read(self._starts[index]):
            if frame.position >= position:
                return frame if frame.position == position else None
        return None

    def backwards(self, before: int) -> Iterator[Frame]:
        """Yield the committed frames that start before a position, the last one first.

        Raises Broken when the journal is damaged there.
        """
        end = before
        for start in reversed(self._starts[: bisect_right(self._starts, before)]):
            yield from reversed(list(self._between(start, end)))
            end = start

    def _between(self, start: int, end: int) -> Iterator[Frame]:
        return takewhile(lambda frame: frame.position < end, self._reader.read(start))
