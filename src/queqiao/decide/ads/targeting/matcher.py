"""All expressions that are live: an immutable snapshot, of which a change makes the next.

A change costs what is new, not what is there: recent expressions stand in blocks of their own
beside the large one, newest last, and what was removed or replaced is a cleared bit. The smallest
block is built again at every change; when it is full it goes into the next larger one. When those
have grown (``wants_merge``), ``merged`` builds one block of everything, in whatever thread.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

import numpy as np

from queqiao.decide.ads.targeting.bits import Bits, bits_of, clear, has, rows_of
from queqiao.decide.ads.targeting.block import Block, Compiled
from queqiao.decide.ads.targeting.situation import Situation

SMALL_MAX = 64
"""Expressions in the block that every change builds again."""

BESIDE_MAX = 4_096
"""Expressions beside the large block, and removed ones in it, before a merge is wanted."""


class Part(NamedTuple):
    """A block, and which of its expressions are still live; ``whole`` where all of them are."""

    block: Block
    live: Bits
    whole: bool

    def match(self, situation: Situation) -> Bits:
        """Return the bits of the live expressions that hold."""
        bits = self.block.match(situation)
        return bits if self.whole else bits & self.live

    def entries(self) -> Iterator[Compiled]:
        """Yield the live expressions."""
        return (self.block.entries[row] for row in rows_of(self.live).tolist())

    @property
    def size(self) -> int:
        """How many are live."""
        return int(np.bitwise_count(self.live).sum())

    def without(self, ids: Collection[str]) -> "Part":
        """Return the part without some expressions."""
        rows = [row for each in ids if (row := self.block.row_of.get(each)) is not None]
        rows = [row for row in rows if has(self.live, row)]
        if not rows:
            return self
        live = self.live.copy()
        clear(live, rows)
        return Part(self.block, live, whole=False)


class Matched(NamedTuple):
    """Which expressions hold in a situation: bits by part."""

    parts: tuple[tuple[Part, Bits], ...]

    def __contains__(self, identifier: object) -> bool:
        """Say whether the expression of that id holds."""
        for part, bits in self.parts:
            row = part.block.row_of.get(str(identifier))
            if row is not None and has(bits, row):
                return True
        return False

    def ids(self) -> list[str]:
        """Return the ids of the expressions that hold, in no order of meaning."""
        found = []
        for part, bits in self.parts:
            entries = part.block.entries
            found += [entries[row].id for row in rows_of(bits).tolist()]
        return found

    @property
    def size(self) -> int:
        """How many expressions hold."""
        return sum(int(np.bitwise_count(bits).sum()) for _, bits in self.parts)


class Matcher:
    """The live expressions of this moment."""

    def __init__(self, entries: Iterable[Compiled] = ()) -> None:
        distinct = {entry.id: entry for entry in entries}
        self.parts: tuple[Part, ...] = _parts(distinct.values())

    def match(self, situation: Situation) -> Matched:
        """Return which expressions hold."""
        return Matched(tuple((part, part.match(situation)) for part in self.parts))

    def changed(self, put: Collection[Compiled], removed: Collection[str] = ()) -> "Matcher":
        """Return the next snapshot: with some expressions put or replaced, and some removed."""
        gone = {entry.id for entry in put}.union(removed)
        parts = [part.without(gone) for part in self.parts]
        recent = list({entry.id: entry for entry in put}.values())
        if len(parts) > 2:
            recent = [*parts.pop().entries(), *recent]
        if len(parts) == 2 and not len(recent) <= SMALL_MAX < parts[1].size + len(recent):
            recent = [*parts.pop().entries(), *recent]
        following = Matcher()
        following.parts = (*parts, *_parts(recent))
        return following

    def merged(self) -> "Matcher":
        """Return a snapshot of one block that holds the same."""
        return Matcher(entry for part in self.parts for entry in part.entries())

    @property
    def wants_merge(self) -> bool:
        """Say whether so much has changed that matches would be quicker after a merge."""
        beside = sum(part.size for part in self.parts[1:])
        removed = sum(len(part.block.entries) - part.size for part in self.parts[:1])
        return beside + removed > BESIDE_MAX

    def __len__(self) -> int:
        """Return how many expressions are live."""
        return sum(part.size for part in self.parts)


def _parts(entries: Iterable[Compiled]) -> tuple[Part, ...]:
    block = Block(tuple(entries))
    if not block.entries:
        return ()
    return (Part(block, bits_of(np.arange(len(block.entries)), block.words), whole=True),)
