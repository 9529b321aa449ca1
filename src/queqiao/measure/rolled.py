"""How rollups answer a question exactly as the raw events would: by the coarsest cubes that can.

A cube can when it has every measure and dimension that the question names, and when its buckets lie
whole inside the buckets asked for. The period is cut: whole days come from a cube of days, the
hours and minutes at its ends from finer cubes, and what is left at the ends from raw events.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from queqiao.kernel.clock import DAY_US, HOUR_US, MINUTE_US, business_day, day_start_us, zone_of
from queqiao.measure.catalogue import BASES
from queqiao.measure.contracts import ReportQuery
from queqiao.measure.dimensions import DIMENSIONS
from queqiao.measure.names import Plan
from queqiao.measure.period import Period
from queqiao.process.contracts import CUBES, Block, Cube, chain

_GRAIN_US = {"minute": MINUTE_US, "hour": HOUR_US}
_GRAINS = ("day", "hour", "minute")
_YEARS = (1970, 2100)
_MONTHS = range(1, 13)


class Piece(NamedTuple):
    """A part of the period, None where it is open, and the cube that answers; None: raw events."""

    cube: Cube | None
    start_us: int | None
    end_us: int | None


class Rolled(NamedTuple):
    """The pieces of the period, and the blocks that answer for the offsets up to ``sealed``."""

    pieces: list[Piece]
    blocks: list[Block]

    @property
    def sealed(self) -> int:
        """The last offset that the blocks hold; raw events answer for later ones."""
        return self.blocks[-1].last


def rolled(
    query: ReportQuery, plan: Plan, period: Period, blocks: Sequence[Block], as_of: int
) -> Rolled | None:
    """Return how rollups can answer for the events; None when only raw ones can."""
    held = chain(blocks, as_of)
    if not held:
        return None
    zone = held[0].zone
    wanted = {name for name in plan.dimensions if name in DIMENSIONS} | _filtered(query)
    columns = {DIMENSIONS[name].columns.get("events") for name in wanted}
    measures = {BASES[name].measure for name in plan.bases if BASES[name].table == "events"}
    fitting = [
        cube
        for cube in CUBES
        if columns <= set(cube.dimensions)
        and measures <= set(cube.measures)
        and _whole(cube, query, period, zone)
    ]
    quickest = [next((cube for cube in fitting if cube.grain == one), None) for one in _GRAINS]
    cubes = [cube for cube in quickest if cube is not None]
    pieces = list(_cut(cubes, period.start_us, period.end_us, zone))
    return Rolled(pieces, held) if any(one.cube for one in pieces) else None


def _filtered(query: ReportQuery) -> set[str]:
    return {one.dimension for one in query.filters}


def _cut(
    cubes: Sequence[Cube], start_us: int | None, end_us: int | None, zone: str
) -> Iterator[Piece]:
    """Yield the pieces of a period, in order; ``cubes`` are the coarsest first."""
    if start_us is not None and start_us == end_us:
        return
    if not cubes:
        yield Piece(None, start_us, end_us)
        return
    cube, *finer = cubes
    first_us = None if start_us is None else _at_or_after(start_us, cube.grain, zone)
    last_us = None if end_us is None else _at_or_before(end_us, cube.grain, zone)
    if first_us is not None and last_us is not None and first_us >= last_us:
        yield from _cut(finer, start_us, end_us, zone)
        return
    if first_us is not None:
        yield from _cut(finer, start_us, first_us, zone)
    yield Piece(cube, first_us, last_us)
    if last_us is not None:
        yield from _cut(finer, last_us, end_us, zone)


def _at_or_before(us: int, grain: str, zone: str) -> int:
    """Return the start of the bucket that holds a moment."""
    if grain == "day":
        return day_start_us(business_day(us, zone), zone)
    return us - us % _GRAIN_US[grain]


def _at_or_after(us: int, grain: str, zone: str) -> int:
    """Return the first start of a bucket that is not before a moment."""
    start_us = _at_or_before(us, grain, zone)
    if start_us == us:
        return us
    if grain == "day":  # of 23 to 25 hours
        return _at_or_before(start_us + DAY_US + DAY_US // 2, grain, zone)
    return start_us + _GRAIN_US[grain]


def _whole(cube: Cube, query: ReportQuery, period: Period, days_of: str) -> bool:
    """Say whether the cube's buckets lie whole in the buckets asked for."""
    asked = query.granularity
    if asked is None:
        return True
    if cube.grain == "day":
        in_days = asked in {"day", "week", "month"} and query.timezone == days_of
        return in_days and period.shift_us == 0
    if cube.grain == "hour" and (asked == "minute" or not _of_whole_hours(query.timezone)):
        return False
    return period.shift_us % _GRAIN_US[cube.grain] == 0


@lru_cache(maxsize=1000)
def _of_whole_hours(name: str) -> bool:
    """Say whether the zone's clocks have differed from UTC by whole hours since 1970."""
    zone = zone_of(name)
    moments = (datetime(y, m, 1, tzinfo=UTC) for y in range(*_YEARS) for m in _MONTHS)
    offsets = {moment.astimezone(zone).utcoffset() for moment in moments}
    return all(one is not None and one.total_seconds() % 3600 == 0 for one in offsets)
