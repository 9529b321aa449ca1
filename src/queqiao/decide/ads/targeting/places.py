"""Areas by the cells that they touch, so that a point meets the few that may hold it."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from queqiao.decide.ads.targeting.geography import (
    LEVEL_MAX,
    Area,
    Circle,
    Point,
    cells_of,
    steps,
)

_ROW = 20
"""Cells of a level are one number: the row above so many bits of the column."""


class _Circle(NamedTuple):
    """A circle as it is asked: its number, its centre on the unit sphere, the chord squared."""

    number: int
    x: float
    y: float
    z: float
    chord_squared: float


class _Level(NamedTuple):
    """Cells of one size: circles and numbers of polygons by cell."""

    shift: int
    last: int
    circles: dict[int, list[_Circle]]
    polygons: dict[int, list[int]]


class Places:
    """The areas of one attribute, by number."""

    def __init__(self, areas: Sequence[Area]) -> None:
        self._areas = areas
        levels: dict[int, _Level] = {}
        for number, area in enumerate(areas):
            for level, row, column in cells_of(area):
                cells = levels.setdefault(level, _empty(level))
                cell = row << _ROW | column
                if isinstance(area, Circle):
                    asked = _Circle(number, *area.centre.unit(), area.chord_squared)
                    cells.circles.setdefault(cell, []).append(asked)
                else:
                    cells.polygons.setdefault(cell, []).append(number)
        self._levels = list(levels.values())

    def holding(self, point: Point) -> Iterator[int]:
        """Yield the areas that hold a point."""
        row, column = steps(point)
        x, y, z = point.unit()
        for shift, last, circles, polygons in self._levels:
            cell = row >> shift << _ROW | column >> shift & last
            for number, cx, cy, cz, chord_squared in circles.get(cell, ()):
                dx, dy, dz = cx - x, cy - y, cz - z
                if dx * dx + dy * dy + dz * dz <= chord_squared:
                    yield number
            for number in polygons.get(cell, ()):
                if self._areas[number].holds(point):
                    yield number


def _empty(level: int) -> _Level:
    return _Level(LEVEL_MAX - level, 2 ** (level + 1) - 1, {}, {})
