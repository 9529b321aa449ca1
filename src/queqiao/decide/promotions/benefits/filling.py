"""Filling the places of bundles with units: as many bundles as possible, then the best units.

Sets of units that fill places are the independent sets of a transversal matroid, so taking units
in the order of their worth, each where the places can still be arranged for it, finds the best
set (Edmonds 1971). Units are counted by run, never one by one.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple


class Supply(NamedTuple):
    """So many equal units, and which items (by place) each of them may stand for."""

    quantity: int
    items: frozenset[int]


_Came = dict[int, tuple[int, int | None]]
"""By which run an item was reached, and from which item that run would move."""


class Filling:
    """Runs of units in the places of items that want ``demands`` units."""

    __slots__ = ("_closed", "_demands", "_filled", "_supplies", "held")

    def __init__(self, supplies: Sequence[Supply], demands: Sequence[int]) -> None:
        self._supplies = supplies
        self._demands = demands
        self._filled = [0] * len(demands)
        self._closed: set[int] = set()
        self.held: list[dict[int, int]] = [{} for _ in demands]
        for run in range(len(supplies)):
            self._put(run)

    @property
    def is_full(self) -> bool:
        """Say whether every item has all that it wants."""
        return not self.lacking

    @property
    def lacking(self) -> int:
        """Return how many units the items still want."""
        return sum(self._demands) - sum(self._filled)

    def _put(self, run: int) -> None:
        """Place as many units of a run as the places can be arranged for."""
        left = self._supplies[run].quantity
        while left and (path := self._path(run)):
            left -= self._push(path, left)

    def _path(self, run: int) -> list[tuple[int, int]]:
        """Return how a unit of the run finds a place: (run, item) by (run, item) it moves on.

        Items that were reached in vain are closed: all that stand in them fit nowhere else, and
        that never changes.
        """
        came: _Came = {}
        waiting: list[int] = []
        movers: list[tuple[int, int | None]] = [(run, None)]
        while movers:
            mover, item = movers.pop()
            for further in self._supplies[mover].items - self._closed:
                if further not in came:
                    came[further] = mover, item
                    if self._filled[further] < self._demands[further]:
                        return self._back(came, further)
                    waiting.append(further)
            if not movers and waiting:
                item = waiting.pop()
                movers = [(other, item) for other in self.held[item]]
        self._closed |= came.keys()
        return []

    @staticmethod
    def _back(came: _Came, item: int | None) -> list[tuple[int, int]]:
        path: list[tuple[int, int]] = []
        while item is not None:
            run, before = came[item]
            path.append((run, item))
            item = before
        return path

    def _push(self, path: Sequence[tuple[int, int]], left: int) -> int:
        """Move as many units along the path as fit, and return how many."""
        last = path[0][1]
        count = min(left, self._demands[last] - self._filled[last])
        for (run, _), (_, item) in pairwise(path):
            count = min(count, self.held[item][run])
        self._filled[last] += count
        for run, item in path:
            self.held[item][run] = self.held[item].get(run, 0) + count
        for (run, _), (_, item) in pairwise(path):
            self._take(run, item, count)
        return count

    def _take(self, run: int, item: int, count: int) -> None:
        self.held[item][run] -= count
        if not self.held[item][run]:
            del self.held[item][run]


def most_times(supplies: Sequence[Supply], quantities: Sequence[int], times_max: int) -> int:
    """Return how often items of these quantities can be filled at once, at most ``times_max``."""
    low, high = 0, times_max
    for item, quantity in enumerate(quantities):
        fitting = sum(supply.quantity for supply in supplies if item in supply.items)
        high = min(high, fitting // quantity)
    high = min(high, sum(supply.quantity for supply in supplies) // sum(quantities))
    while low < high:
        middle = (low + high + 1) // 2
        if Filling(supplies, [middle * quantity for quantity in quantities]).is_full:
            low = middle
        else:
            high = middle - 1
    return low
