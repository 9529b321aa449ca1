"""Many blocks at once: what a table holds, laid into another one."""

from collections.abc import Iterator

import numpy as np

from queqiao.decide.ads.caps.table import (
    BLOCKS_MIN,
    EMPTY,
    SEGMENTS,
    TOMBSTONE,
    Array,
    Full,
    Table,
)

LARGE_BLOCKS = 1 << 20


def load_max(blocks: int) -> float:
    """Return the share of blocks in use beyond which a table is made twice as large.

    Ways stay short, and a person with many blocks finds room in their segment: the segments of a
    small table are small and differ much.
    """
    return 0.5 if blocks < LARGE_BLOCKS else 0.7


def used(table: Table) -> Iterator[Array]:
    """Yield a copy of the used blocks of each segment."""
    for number in range(SEGMENTS):
        segment = table.segment(number)
        yield segment[segment[:, 0] > TOMBSTONE]


def blocks_for(count: int) -> int:
    """Return how many blocks a table needs for so many used ones and some more."""
    blocks = BLOCKS_MIN
    while count > blocks * load_max(blocks) * 0.9:
        blocks *= 2
    return blocks


def lay(table: Table, blocks: Array) -> None:
    """Lay used blocks into an empty table. Raises Full.

    Within a segment, ordered by the place that each wants, a block comes to the first free place
    from there on: the running maximum of what it wants, less its rank, plus its rank.
    """
    of_segment = (blocks[:, 0] & np.uint64(SEGMENTS - 1)).astype(np.uint16)
    order = np.argsort(of_segment, kind="stable")
    ends = np.cumsum(np.bincount(of_segment, minlength=SEGMENTS))
    for number, part in enumerate(np.split(order, ends[:-1])):
        _lay_segment(table, number, blocks[part])


def _lay_segment(table: Table, number: int, blocks: Array) -> None:
    size = table.segment(number).shape[0]
    homes = table.homes(blocks[:, 0]).astype(np.int64)
    order = np.argsort(homes, kind="stable")
    rank = np.arange(len(order))
    places = np.maximum.accumulate(homes[order] - rank) + rank
    fits = places < size
    segment = table.segment(number)
    segment[places[fits]] = blocks[order[fits]]
    rest = order[~fits]
    free = np.flatnonzero(segment[:, 0] == EMPTY)
    if len(free) < len(rest):
        raise Full
    segment[free[: len(rest)]] = blocks[rest]
