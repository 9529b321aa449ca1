"""Places on the Earth: points, circles, polygons, and the cells in which an index finds them.

The Earth is a sphere of its mean radius (IUGG, 6,371.0088 km), which is within 0.6 % of distances
on the ellipsoid. A circle compares chords instead of arcs: two points at the arc ``d`` are
``2 sin(d / 2R)`` unit radii apart, and no arc cosine loses digits where distances are short.
"""

from collections.abc import Iterator
from math import asin, cos, degrees, floor, log2, pi, radians, sin
from typing import NamedTuple

EARTH_RADIUS_KM = 6371.0088
RADIUS_KM_MAX = 20_000
LEVEL_MAX = 14
"""The finest cells are 180° / 2^14: 1.2 km high."""

FINEST_DEGREES = 180 / 2**LEVEL_MAX

Cell = tuple[int, int, int]
"""Level, row and column; a cell of a level is 180° / 2^level high and wide."""
_SLACK_DEGREES = 1e-9


class Point(NamedTuple):
    """A place in degrees: latitude -90 to 90, longitude -180 to 180."""

    lat: float
    lon: float

    def unit(self) -> tuple[float, float, float]:
        """Return the point on the unit sphere."""
        lat, lon = radians(self.lat), radians(self.lon)
        return cos(lat) * cos(lon), cos(lat) * sin(lon), sin(lat)


class Box(NamedTuple):
    """Bounds in degrees; ``east`` may lie beyond 180, ``west`` below -180."""

    south: float
    north: float
    west: float
    east: float


class Circle(NamedTuple):
    """All points at most ``radius_km`` from the centre, the edge included."""

    centre: Point
    radius_km: float

    @property
    def chord_squared(self) -> float:
        """The square of the longest chord inside, in unit radii."""
        half = sin(min(self.radius_km / (2 * EARTH_RADIUS_KM), pi / 2))
        return 4 * half * half

    def holds(self, point: Point) -> bool:
        """Say whether a point lies inside or on the edge."""
        x, y, z = self.centre.unit()
        px, py, pz = point.unit()
        dx, dy, dz = x - px, y - py, z - pz
        return dx * dx + dy * dy + dz * dz <= self.chord_squared

    def box(self) -> Box:
        """Return bounds that hold the circle; one that holds a pole is as wide as the Earth."""
        angle = self.radius_km / EARTH_RADIUS_KM
        south = self.centre.lat - degrees(angle) - _SLACK_DEGREES
        north = self.centre.lat + degrees(angle) + _SLACK_DEGREES
        if south <= -90 or north >= 90:
            return Box(max(south, -90), min(north, 90), -180, 180)
        reach = min(1.0, sin(angle) / cos(radians(self.centre.lat)))
        wide = degrees(asin(reach)) + _SLACK_DEGREES
        return Box(south, north, self.centre.lon - wide, self.centre.lon + wide)


class Polygon(NamedTuple):
    """What lies inside a closed line by the even-odd rule, and the line itself.

    Edges are straight in degrees (no great circles) and go the short way round the Earth, so
    ``corners`` may leave ±180 on their way: each is at most 180° of longitude from the one before.
    """

    corners: tuple[Point, ...]

    def holds(self, point: Point) -> bool:
        """Say whether a point lies inside or on the line."""
        return any(self._holds(point.lat, point.lon + turn) for turn in (0, 360, -360))

    def _holds(self, lat: float, lon: float) -> bool:
        inside = False
        before = self.corners[-1]
        for corner in self.corners:
            if _on_edge(before, corner, lat, lon):
                return True
            if (before.lat > lat) != (corner.lat > lat):
                slope = (corner.lon - before.lon) / (corner.lat - before.lat)
                inside ^= lon < before.lon + slope * (lat - before.lat)
            before = corner
        return inside

    def box(self) -> Box:
        """Return bounds that hold the polygon."""
        lats, lons = [c.lat for c in self.corners], [c.lon for c in self.corners]
        return Box(min(lats), max(lats), min(lons), max(lons))


Area = Circle | Polygon


def polygon(points: list[Point]) -> Polygon | None:
    """Return the polygon through the points, None where its line goes round a pole."""
    corners = [points[0]]
    for point in points[1:]:
        corners.append(Point(point.lat, _near(point.lon, corners[-1].lon)))
    closed = abs(_near(points[0].lon, corners[-1].lon) - points[0].lon) < _SLACK_DEGREES
    return Polygon(tuple(corners)) if closed else None


def _near(lon: float, other: float) -> float:
    """Return the longitude, turned to within 180° of another."""
    if abs(lon - other) <= 180:
        return lon
    return lon + 360 * round((other - lon) / 360)


def _on_edge(start: Point, end: Point, lat: float, lon: float) -> bool:
    cross = (end.lon - start.lon) * (lat - start.lat) - (end.lat - start.lat) * (lon - start.lon)
    return (
        cross == 0
        and min(start.lat, end.lat) <= lat <= max(start.lat, end.lat)
        and min(start.lon, end.lon) <= lon <= max(start.lon, end.lon)
    )


def cells_of(area: Area) -> Iterator[Cell]:
    """Yield the cells (at most 6 × 6, each once) that hold an area, at a level of its size."""
    box = area.box()
    extent = max(box.north - box.south, box.east - box.west, FINEST_DEGREES)
    level = max(0, min(LEVEL_MAX, floor(log2(180 / extent)) + 2))
    south, west = steps(Point(box.south, box.west))
    north, east = steps(Point(box.north, box.east))
    shift, last = LEVEL_MAX - level, 2 ** (level + 1) - 1
    columns = {column & last for column in range(west >> shift, (east >> shift) + 1)}
    for row in range(south >> shift, (north >> shift) + 1):
        yield from ((level, row, column) for column in columns)


def steps(point: Point) -> tuple[int, int]:
    """Return the row and the column of a point among the finest cells; halved, of coarser ones.

    Columns of points beyond ±180° are counted on: a cell's column is what remains of them.
    """
    return floor((point.lat + 90) / FINEST_DEGREES), floor((point.lon + 180) / FINEST_DEGREES)
