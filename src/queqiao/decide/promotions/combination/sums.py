"""All sums that ways come to, in one pass: a set of sums is the bits of one large integer.

A step of a later offer may be worth more than the discount that misses it. Then among all sums
that allocations come to the highest that is not too high is wanted, to the minor unit.

Every way falls short of the best one by the sum of what its steps fall short: by how much the best
way through a step gives less than the best way through the row before it. So a row's bits say by
how much the ways to it may fall short, beyond the one that does so least; a step shifts them, and
rows of different pasts are joined by *or*. Nothing that falls short by more than what is looked for
is kept.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from queqiao.decide.promotions.combination.step_tables import Table
from queqiao.decide.promotions.combination.takers import NEVER
from queqiao.decide.promotions.combination.walk import Trace, Walk

FAR = 1 << 60
"""By how much a row falls short that no way leads to."""

BITS_A_ROW = 1 << 14
"""So many bits are as much work as a row that is kept."""


class _Stage(NamedTuple):
    """The steps that stay, of one trace, and by how much each falls short beyond the
    row it comes from and the row it leads to, in units.

    ``fewest``: by how much the ways to each of the next rows fall short at least.
    """

    trace: Trace
    kept: Table
    parent: list[int]
    child: list[int]
    short: list[int]
    fewest: Table


BITS_MAX = 1 << 29
"""Bits that all rows may have together: 64 MB."""


class Sums:
    """The sums from ``floor`` up to ``best``, the highest; all are multiples of ``unit``.

    ``cut``: what ways that were dropped may give. ``is_known`` is false where the sums are too
    many to be reckoned.
    """

    def __init__(self, walk: Walk, floor: int, unit: int) -> None:
        self._walk = walk
        self._unit = unit
        self.cut = walk.cut
        self.best, self.work = NEVER, 0
        self._found = 0
        self._stages: list[_Stage] = []
        self._bits: list[list[int]] = [[1]]
        self.is_known = True
        if walk.traces and walk.traces[-1].child.size:
            self._reckon(floor)

    def _reckon(self, floor: int) -> None:
        ahead = _ahead(self._walk.traces)
        self.best = int(ahead[0][0])
        reach = (self.best - floor) // self._unit
        self._stages = list(_stages(self._walk.traces, ahead, self._unit, reach))
        bits = sum(int((reach + 1 - stage.fewest).clip(0).sum()) for stage in self._stages)
        self.work = sum(len(stage.parent) for stage in self._stages) + bits // BITS_A_ROW
        self.is_known = bits < BITS_MAX
        if self.is_known:
            for stage in self._stages:
                self._bits.append(_shifted(self._bits[-1], stage, reach))
            for row, fewest in zip(self._bits[-1], self._stages[-1].fewest.tolist(), strict=True):
                self._found |= row << fewest if row else 0

    def highest(self, floor: int, roof: int) -> int | None:
        """Return the highest sum from ``floor`` to ``roof``."""
        if not self._found:
            return None
        least = max(0, -((roof - self.best) // self._unit))
        beyond = self._found >> least
        if not beyond:
            return None
        sum_ = self.best - (least + (beyond & -beyond).bit_length() - 1) * self._unit
        return sum_ if sum_ >= floor else None

    def way_to(self, sum_: int, steps: list[list[int]]) -> list[list[int]]:
        """Return ``steps`` filled with those of a way that comes to a sum."""
        short = (self.best - sum_) // self._unit
        fewest = self._stages[-1].fewest.tolist()
        row = next(
            row
            for row, bits in enumerate(self._bits[-1])
            if short >= fewest[row] and bits >> (short - fewest[row]) & 1
        )
        short -= fewest[row]
        for stage, before in zip(reversed(self._stages), reversed(self._bits[:-1]), strict=True):
            place = next(
                place
                for place, child in enumerate(stage.child)
                if child == row
                and stage.short[place] <= short
                and before[stage.parent[place]] >> (short - stage.short[place]) & 1
            )
            trace = stage.trace
            if trace.taker >= 0:
                steps[trace.run][trace.taker] = int(trace.step[stage.kept[place]])
            row, short = stage.parent[place], short - stage.short[place]
        return steps


def _ahead(traces: Sequence[Trace]) -> list[Table]:
    """Return of the rows of each stage what the best way from there on gives."""
    ahead = [np.zeros(int(traces[-1].child.max()) + 1, dtype=np.int64)]
    for place in range(len(traces) - 1, -1, -1):
        trace = traces[place]
        rows = int(traces[place - 1].child.max()) + 1 if place else 1
        most = np.full(rows, NEVER, dtype=np.int64)
        np.maximum.at(most, trace.parent, trace.gain + ahead[-1][trace.child])
        ahead.append(most)
    return ahead[::-1]


def _stages(
    traces: Sequence[Trace], ahead: Sequence[Table], unit: int, reach: int
) -> Iterator[_Stage]:
    """Yield the stages, with the steps of ways that fall short by no more than ``reach``."""
    fewest = np.zeros(1, dtype=np.int64)
    for trace, now, then in zip(traces, ahead, ahead[1:], strict=False):
        short = (now[trace.parent] - trace.gain - then[trace.child]) // unit
        total = fewest[trace.parent] + short
        kept = np.flatnonzero(total <= reach)
        fewest = np.full(len(then), FAR)
        np.minimum.at(fewest, trace.child[kept], total[kept])
        parent, child = trace.parent[kept].tolist(), trace.child[kept].tolist()
        shift = total[kept] - fewest[trace.child[kept]]
        yield _Stage(trace, kept, parent, child, shift.tolist(), fewest)


def _shifted(before: list[int], stage: _Stage, reach: int) -> list[int]:
    """Return the bits of the next rows."""
    after = [0] * len(stage.fewest)
    for parent, child, short in zip(stage.parent, stage.child, stage.short, strict=True):
        after[child] |= before[parent] << short
    fewest = stage.fewest.tolist()
    return [
        bits & (2 << reach - least) - 1 if bits else 0
        for bits, least in zip(after, fewest, strict=True)
    ]
