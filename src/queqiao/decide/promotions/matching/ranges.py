"""Ranges: which promotions hold for a number, such as a time or a price.

Borders stand sorted, with the promotions up to every so-many-th border kept as one integer: an
answer costs a binary search and a few bits, however many ranges there are.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from typing import NamedTuple

STEP = 64
"""Borders from one kept integer to the next."""

CACHED_MAX = 64
"""How many stretches between two neighbouring borders keep their bits."""

Border = tuple[int, int]
"""A number and the place of the promotion whose border it is."""


class Ranged(NamedTuple):
    """One promotion's range: from ``low`` to before ``end``."""

    place: int
    low: int
    end: int


class _Borders:
    """Answers which promotions have their border at or below a number."""

    __slots__ = ("_cache", "_kept", "_numbers", "_places", "sorted")

    def __init__(self, borders: list[Border]) -> None:
        self.sorted = borders
        self._numbers = [number for number, _ in borders]
        self._places = [place for _, place in borders]
        self._kept = [0]
        bits = 0
        for start in range(0, len(borders), STEP):
            for place in self._places[start : start + STEP]:
                bits |= 1 << place
            self._kept.append(bits)
        self._cache: dict[int, int] = {}

    def passed(self, number: int) -> int:
        count = bisect_right(self._numbers, number)
        bits = self._cache.get(count)
        if bits is None:
            bits = self._up_to(count)
            if len(self._cache) >= CACHED_MAX:
                self._cache.clear()
            self._cache[count] = bits
        return bits

    def _up_to(self, count: int) -> int:
        whole, rest = divmod(count, STEP)
        bits = self._kept[whole]
        for place in self._places[count - rest : count]:
            bits |= 1 << place
        return bits

    def changed(self, gone: Iterable[Border], come: Iterable[Border]) -> "_Borders":
        borders = list(self.sorted)
        for border in gone:
            del borders[bisect_left(borders, border)]
        for border in come:
            insort(borders, border)
        return _Borders(borders)


class Ranges:
    """``asked`` are all promotions that have a range here."""

    __slots__ = ("_ends", "_lows", "asked")

    def __init__(self, ranged: Iterable[Ranged] = ()) -> None:
        known = list(ranged)
        self.asked = sum(1 << one.place for one in known)
        self._lows = _Borders(sorted((one.low, one.place) for one in known))
        self._ends = _Borders(sorted((one.end, one.place) for one in known))

    def failing(self, number: int) -> int:
        """Return the promotions whose range a number is not in."""
        if not self.asked:
            return 0
        return self.asked ^ self._lows.passed(number) | self._ends.passed(number)

    def changed(self, gone: list[Ranged], come: list[Ranged]) -> "Ranges":
        """Return the ranges without those that are gone and with those that have come."""
        if not gone and not come:
            return self
        after = Ranges()
        after.asked = self.asked ^ sum(1 << one.place for one in gone)
        after.asked |= sum(1 << one.place for one in come)
        after._lows = self._lows.changed(
            [(one.low, one.place) for one in gone], [(one.low, one.place) for one in come]
        )
        after._ends = self._ends.changed(
            [(one.end, one.place) for one in gone], [(one.end, one.place) for one in come]
        )
        return after
