"""The watermark, row by row: so what is too late does not depend on how rows were cut."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from queqiao.ports.compute.arrow_numbers import ints, valid
from queqiao.ports.compute.functions import TIME_END_US

BEGINNING_US = -(1 << 60)
"""The watermark before any row."""

END_US = 1 << 60
"""The watermark after the last row of a source that has ended."""

Times = np.ndarray[Any, np.dtype[np.int64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]


class Watermark:
    """The greatest time seen, less the disorder that is allowed for."""

    def __init__(self, out_of_order_us: int, seen_us: int = BEGINNING_US) -> None:
        self._out_of_order_us = out_of_order_us
        self.seen_us = seen_us

    @property
    def us(self) -> int:
        """Return the watermark: no row before it is waited for."""
        return self.seen_us - self._out_of_order_us

    def pass_over(self, column: Any) -> tuple[Times, Flags, Times]:
        """Return the rows' times, which of them are times at all, the watermark before each.

        A NULL and a time outside 1970 … 2099 are none: they must not move the watermark.
        """
        times, known = _times(column)
        counted = np.where(known, times, BEGINNING_US)
        reached = np.maximum.accumulate(np.concatenate(([self.seen_us], counted)))
        self.seen_us = int(reached[-1])
        return times, known, reached[:-1] - self._out_of_order_us


class PartitionWatermark(Watermark):
    """The least of the watermarks of several partitions. A row is judged by its own partition's.

    So what is too late follows from the order within each partition, however they are interleaved.
    A partition that had no row yet holds all others back.
    """

    def __init__(self, out_of_order_us: int, partitions: Sequence[int]) -> None:
        super().__init__(out_of_order_us, min(partitions))
        self.partitions = list(partitions)
        self._before = np.empty(0, np.int64)

    def stamp(self, origin: Times, seen: Times) -> None:
        """Take the partitions of the rows that come next, and the greatest times before them."""
        self._before = np.maximum(seen, np.array(self.partitions, np.int64)[origin])

    def reach(self, partition: int, seen_us: int) -> None:
        """Move one partition on, for after the rows that come next."""
        self.partitions[partition] = max(self.partitions[partition], seen_us)

    def pass_over(self, column: Any) -> tuple[Times, Flags, Times]:
        """Return the rows' times, which of them are times at all, the watermark before each."""
        times, known = _times(column)
        self.seen_us = min(self.partitions)
        return times, known, self._before - self._out_of_order_us


def _times(column: Any) -> tuple[Times, Flags]:
    times, known = ints(column), valid(column)
    known &= (times >= 0) & (times < TIME_END_US)
    return times, known


def split(rows: pa.Table, accepted: Flags) -> tuple[pa.Table, pa.Table | None]:
    """Return the accepted rows and, if there are any, the others."""
    if accepted.all():
        return rows, None
    return rows.filter(pa.array(accepted)), rows.filter(pa.array(~accepted))
