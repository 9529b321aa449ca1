"""Sets of numbers as ranges: what is void of a batch of a hundred million takes a few bytes."""

from bisect import bisect_right
from collections.abc import Iterable

Range = tuple[int, int]
"""Numbers from the first to before the end."""


class Ranges:
    """Numbers as ranges that neither touch nor overlap, in order."""

    def __init__(self, ranges: Iterable[Range] = ()) -> None:
        self.parts = merged(ranges)
        self._firsts = [first for first, _ in self.parts]

    def __contains__(self, number: int) -> bool:
        place = bisect_right(self._firsts, number) - 1
        return place >= 0 and number < self.parts[place][1]

    def first_outside(self, number: int) -> int:
        """Return the first number from ``number`` on that is in no range."""
        place = bisect_right(self._firsts, number) - 1
        return max(number, self.parts[place][1]) if place >= 0 else number

    def __len__(self) -> int:
        return sum(end - first for first, end in self.parts)


def merged(ranges: Iterable[Range]) -> list[Range]:
    """Return the ranges joined where they touch or overlap, in order."""
    joined: list[Range] = []
    for first, end in sorted(ranges):
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        elif first < end:
            joined.append((first, end))
    return joined


NO_RANGES = Ranges()
"""No number at all."""
