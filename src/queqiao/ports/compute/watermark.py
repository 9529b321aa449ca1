"""The watermark, row by row: so what is too late does not depend on how rows were cut."""

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
        times, known = ints(column), valid(column)
        known &= (times >= 0) & (times < TIME_END_US)
        counted = np.where(known, times, BEGINNING_US)
        reached = np.maximum.accumulate(np.concatenate(([self.seen_us], counted)))
        self.seen_us = int(reached[-1])
        return times, known, reached[:-1] - self._out_of_order_us


def split(rows: pa.Table, accepted: Flags) -> tuple[pa.Table, pa.Table | None]:
    """Return the accepted rows and, if there are any, the others."""
    if accepted.all():
        return rows, None
    return rows.filter(pa.array(accepted)), rows.filter(pa.array(~accepted))
