"""Predicates of which many are true at once: ranges of numbers, and times.

They are asked all together, by numpy, and what comes out is kept: a number or a minute is of a
*class* in which the same predicates are true, and classes come again and again.
"""

from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Hashable, Sequence
from math import inf
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from queqiao.decide.ads.targeting.bits import Bits, Rows, bits_of
from queqiao.decide.ads.targeting.leaves import Within
from queqiao.decide.ads.targeting.situation import Situation
from queqiao.decide.ads.targeting.times import WEEK_MINUTES, Moment, Span

KEPT_MAX = 128
"""Classes whose rows a table keeps, of each lane."""

Truth = npt.NDArray[np.bool_]


class Entries(NamedTuple):
    """Which predicate (by number) satisfies which row, in one lane."""

    owners: Rows
    rows: Rows


class Table(ABC):
    """What both kinds share: rows by lane and class, computed once."""

    def __init__(self, lanes: dict[int, Entries], words: int) -> None:
        self.lanes = lanes
        self._words = words
        self._kept: dict[tuple[int, Hashable], Bits] = {}

    @abstractmethod
    def classes(self, situation: Situation) -> list[Hashable]:
        """Return the classes of what the situation holds; none where it is not known."""

    @abstractmethod
    def _truth(self, kind: Hashable) -> Truth:
        """Return what is true of a class."""

    def rows(self, lane: int, kind: Hashable) -> Bits:
        """Return the rows that are satisfied in a lane by a class."""
        found = self._kept.get((lane, kind))
        if found is None:
            entries = self.lanes[lane]
            found = bits_of(entries.rows[self._truth(kind)[entries.owners]], self._words)
            if len(self._kept) >= KEPT_MAX * len(self.lanes):
                self._kept.clear()
            self._kept[lane, kind] = found
        return found

    def forget(self) -> None:
        """Forget what is kept between matches."""
        self._kept.clear()


class NumberTable(Table):
    """Ranges of one attribute. A class is an end of ranges, or what lies between two ends."""

    def __init__(
        self, field: str, ranges: Sequence[Within], lanes: dict[int, Entries], words: int
    ) -> None:
        super().__init__(lanes, words)
        self._field = field
        self._lows = np.array([each.low for each in ranges])
        self._highs = np.array([each.high for each in ranges])
        ends = {end for each in ranges for end in (each.low, each.high)}
        self._ends = sorted(ends - {inf, -inf})

    def classes(self, situation: Situation) -> list[Hashable]:
        """Return a class for each number of the attribute."""
        return list({self._class(number) for number in situation.numbers(self._field)})

    def _class(self, number: float) -> int:
        """Return an even class for what lies before an end, an odd one for the end itself."""
        at = bisect_left(self._ends, number)
        return 2 * at + (at < len(self._ends) and self._ends[at] == number)

    def _truth(self, kind: Hashable) -> Truth:
        assert isinstance(kind, int)
        at, is_end = divmod(kind, 2)
        low = self._ends[at] if is_end else (self._ends[at - 1] if at else -inf)
        high = self._ends[at] if at < len(self._ends) else inf
        if is_end:
            return (self._lows <= low) & (low <= self._highs)
        return (self._lows <= low) & (self._highs >= high)


class TimeTable(Table):
    """Spans of one time zone. A class is a minute of a day."""

    def __init__(
        self, zone: str, spans: Sequence[Span], lanes: dict[int, Entries], words: int
    ) -> None:
        super().__init__(lanes, words)
        self._zone = zone
        weeks = b"".join(span.minutes.to_bytes(WEEK_MINUTES // 8, "little") for span in spans)
        self._weeks = np.frombuffer(weeks, np.uint8).reshape(len(spans), -1)
        self._first = np.array([span.from_day for span in spans])
        self._last = np.array([span.until_day for span in spans])

    def classes(self, situation: Situation) -> list[Hashable]:
        """Return the one class of the moment."""
        return [situation.moment(self._zone)]

    def _truth(self, kind: Hashable) -> Truth:
        assert isinstance(kind, Moment)
        in_week = self._weeks[:, kind.minute >> 3] >> (kind.minute & 7) & 1
        in_days = (self._first <= kind.day) & (kind.day <= self._last)
        return in_week.astype(np.bool_) & in_days
