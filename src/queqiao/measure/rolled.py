"""Which cube of rollups can answer a question exactly as the raw events would, if any.

A cube can when it has every measure and dimension that the question names, when its buckets lie
whole inside the period and inside the buckets asked for, and when some block of it is sealed.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from queqiao.kernel.clock import HOUR_US, MINUTE_US, business_day, day_start_us, zone_of
from queqiao.measure.catalogue import BASES, DIMENSIONS
from queqiao.measure.contracts import ReportQuery
from queqiao.measure.names import Plan
from queqiao.measure.period import Period
from queqiao.process.contracts import CUBES, Block, Cube, chain

_GRAIN_US = {"minute": MINUTE_US, "hour": HOUR_US}
_YEARS = (1970, 2100)
_MONTHS = range(1, 13)


class Rolled(NamedTuple):
    """A cube and those of its blocks that answer for the offsets up to ``sealed``."""

    cube: Cube
    blocks: list[Block]

    @property
    def sealed(self) -> int:
        """The last offset that the blocks hold; raw events answer for later ones."""
        return self.blocks[-1].last


def rolled(
    query: ReportQuery, plan: Plan, period: Period, blocks: Sequence[Block], as_of: int
) -> Rolled | None:
    """Return the quickest cube that can answer for the events; None when only raw ones can."""
    held = chain(blocks, as_of)
    if not held:
        return None
    wanted = {name for name in plan.dimensions if name in DIMENSIONS}
    columns = {DIMENSIONS[name].columns.get("events") for name in wanted | _filtered(query)}
    measures = {BASES[name].measure for name in plan.bases if BASES[name].table == "events"}
    for cube in CUBES:
        fits = columns <= set(cube.dimensions) and measures <= set(cube.measures)
        if fits and _whole(cube, query, period, held[0].zone):
            return Rolled(cube, held)
    return None


def _filtered(query: ReportQuery) -> set[str]:
    return {one.dimension for one in query.filters}


def _whole(cube: Cube, query: ReportQuery, period: Period, days_of: str) -> bool:
    """Say whether the cube's buckets lie whole in the period and in the buckets asked for."""
    if cube.grain == "day":
        return (
            query.timezone == days_of
            and query.granularity in {None, "day", "week", "month"}
            and period.shift_us == 0
            and all(_is_day(us, days_of) for us in (period.start_us, period.end_us))
        )
    size = _GRAIN_US[cube.grain]
    if cube.grain == "hour" and query.granularity == "minute":
        return False
    if cube.grain == "hour" and query.granularity and not _of_whole_hours(query.timezone):
        return False
    bounds = (period.start_us, period.end_us, period.shift_us)
    return all(us is None or us % size == 0 for us in bounds)


def _is_day(us: int | None, zone: str) -> bool:
    return us is None or day_start_us(business_day(us, zone), zone) == us


@lru_cache(maxsize=1000)
def _of_whole_hours(name: str) -> bool:
    """Say whether the zone's clocks have differed from UTC by whole hours since 1970."""
    zone = zone_of(name)
    moments = (datetime(y, m, 1, tzinfo=UTC) for y in range(*_YEARS) for m in _MONTHS)
    offsets = {moment.astimezone(zone).utcoffset() for moment in moments}
    return all(one is not None and one.total_seconds() % 3600 == 0 for one in offsets)
