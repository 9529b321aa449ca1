"""Where the clauses of conjunctions go in an index: a row each, and for each need a lane.

A *lane* holds at most one need of a row, so that a row is found where every lane has it: because
a predicate of its need is true, or because it has no need there (it is *idle*). The fields that
most rows ask have a lane of their own, others share one; a need whose lane is taken goes to a
spare one, and where that fails too the row is not sure. Bars share a lane of their own.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from queqiao.decide.ads.targeting.bits import Bits, bits_of
from queqiao.decide.ads.targeting.leaves import Inside, Predicate, Within
from queqiao.decide.ads.targeting.normal_form import Conjunction, Need
from queqiao.decide.ads.targeting.times import Span

FIELD_LANES, SPARE_LANES = 12, 4
LANES = FIELD_LANES + SPARE_LANES
BARS = LANES
"""The number of the lane of bars."""


def field_of(predicate: Predicate) -> str:
    """Return the field that a predicate asks."""
    if isinstance(predicate, Within | Inside):
        return predicate.field
    return "now" if isinstance(predicate, Span) else str(predicate[1])


class Layout:
    """Rows by lane and predicate, as they are collected."""

    def __init__(self, all_conjunctions: Sequence[tuple[int, Conjunction]], words: int) -> None:
        self.words = words
        self.rows: dict[Predicate, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
        self.unsure: list[int] = []
        self._busy: list[list[int]] = [[] for _ in range(LANES)]
        self._lane_of = _lanes(all_conjunctions)
        for row, conjunction in all_conjunctions:
            self._put(row, conjunction)

    def _put(self, row: int, conjunction: Conjunction) -> None:
        sure = conjunction.sure
        taken: set[int] = set()
        for need in conjunction.needs:
            lane = self._lane(need, taken)
            if lane is None:
                sure = False
                continue
            taken.add(lane)
            self._busy[lane].append(row)
            for predicate in need:
                self.rows[predicate][lane].append(row)
        for bar in conjunction.bars:
            self.rows[bar][BARS].append(row)
        if not sure:
            self.unsure.append(row)

    def _lane(self, need: Need, taken: set[int]) -> int | None:
        own = self._lane_of[field_of(need[0])]
        if own not in taken:
            return own
        return next((lane for lane in range(FIELD_LANES, LANES) if lane not in taken), None)

    def idle(self, all_rows: Bits) -> list[Bits]:
        """Return for each lane the rows that need nothing there."""
        return [all_rows & ~bits_of(np.array(busy, np.intp), self.words) for busy in self._busy]


def _lanes(all_conjunctions: Sequence[tuple[int, Conjunction]]) -> dict[str, int]:
    asked = Counter(field_of(need[0]) for _, each in all_conjunctions for need in each.needs)
    return {
        field: min(place, FIELD_LANES - 1) for place, (field, _) in enumerate(asked.most_common())
    }
