"""What can no longer matter leaves the table, segment by segment."""

import numpy as np

from queqiao.decide.ads.caps.entries import Flags, outdated
from queqiao.decide.ads.caps.people import People
from queqiao.decide.ads.caps.table import (
    EMPTY,
    ENTRIES,
    SEGMENTS,
    TAGS,
    TOMBSTONE,
    WORDS,
    Array,
)
from queqiao.decide.ads.caps.windows import Moment

NONE_GONE: Array = np.empty(0, np.uint64)


def sweep(people: People, now_us: int, gone: Array = NONE_GONE) -> int:
    """Free outdated entries, and the blocks that hold nothing any more; return how many entries.

    ``gone`` are tags of what is not shown any more (``plan.gone``), sorted.

    Each segment is looked at without its lock first: most have nothing to give. Raises Unavailable.
    """
    moment, freed = people.windows.at(now_us), 0
    for number in range(SEGMENTS):
        if _has_any(people.current().segment(number), moment, now_us, gone):
            people.lock.take(number)
            try:
                table = people.current()
                freed += _sweep(table.segment(number), moment, now_us, gone)
                table.swept(number)
            finally:
                people.lock.give_back(number)
    return freed


def _has_any(segment: Array, moment: Moment, now_us: int, gone: Array) -> bool:
    taken = segment[segment[:, 0] > TOMBSTONE]
    bare = ~taken[:, TAGS:WORDS].any(axis=1)
    return bool(_old(taken, moment, now_us, gone).any() or bare.any())


def _sweep(segment: Array, moment: Moment, now_us: int, gone: Array) -> int:
    rows = np.flatnonzero(segment[:, 0] > TOMBSTONE)
    old = _old(segment[rows], moment, now_us, gone)
    for place in range(ENTRIES):
        segment[rows[old[:, place]], TAGS + place] = 0
    bare = rows[~segment[rows, TAGS:WORDS].any(axis=1)]
    segment[bare, 0] = TOMBSTONE
    _open_ways(segment[:, 0])
    return int(old.sum())


def _old(blocks: Array, moment: Moment, now_us: int, gone: Array) -> Flags:
    old = outdated(blocks, moment, now_us)
    if len(gone):
        old |= np.isin(blocks[:, TAGS:WORDS], gone)
    return old


def _open_ways(keys: Array) -> None:
    """Empty the tombstones that an empty block follows: no way leads over them."""
    size = len(keys)
    for place in np.flatnonzero(keys == EMPTY):
        before = (int(place) - 1) % size
        while keys[before] == TOMBSTONE:
            keys[before] = EMPTY
            before = (before - 1) % size
