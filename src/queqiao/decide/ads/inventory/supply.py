"""How many slots there were: by placement and day, and how they lie in the week.

Every slot of a live placement that was asked for counts, filled (``Ad Served``) or empty
(``Ad Unfilled``). Counted from the warehouse by a periodic job, as an artifact.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import msgspec
from msgspec import Struct

from queqiao.decide.ads.contracts import SOURCE
from queqiao.decide.ads.targeting.times import HALF_HOURS
from queqiao.kernel.clock import DAY_US, business_day
from queqiao.ports.warehouse.base import Warehouse

ARTIFACT = "ads_supply"
"""The name under which the counts travel (``ports/records/artifacts``)."""

WINDOW_DAYS = 182
"""Half a year: what was before says little of the weeks to come."""

PROFILE_DAYS = 28

SLOTS = """
select placement_id, timestamp, toInt64(1) as slots from history
where source = {source:String} and event = 'Ad Served' and placement_id != ''
  and timestamp >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
union all
select tupleElement(place, 'placement_id'), timestamp, tupleElement(place, 'slots') from (
  select timestamp, arrayJoin(JSONExtract(properties, 'places',
    'Array(Tuple(placement_id String, slots Int64))')) as place
  from history
  where source = {source:String} and event = 'Ad Unfilled'
    and timestamp >= fromUnixTimestamp64Micro({since:Int64}, 'UTC'))
"""
"""Slots by placement and moment, since a moment."""

_DAYS = f"""
select placement_id, toString(toDate(timestamp, {{zone:String}})) as day, sum(slots)
from ({SLOTS}) group by placement_id, day order by placement_id, day
"""  # noqa: S608  # our own text

_WEEK = f"""
select placement_id,
  toInt64((toDayOfWeek(timestamp, 0, {{zone:String}}) - 1) * 48
    + toHour(timestamp, {{zone:String}}) * 2 + intDiv(toMinute(timestamp, {{zone:String}}), 30)
  ) as half_hour, sum(slots)
from ({SLOTS}) group by placement_id, half_hour order by placement_id, half_hour
"""  # noqa: S608  # our own text


class Supply(Struct, frozen=True):
    """The slots of one placement: of whole days from ``first_day``, and of ``today`` so far.

    ``week`` are the slots of the last four weeks by half-hour of the week, from Monday.
    """

    first_day: str
    counts: list[int]
    today: int
    week: list[int]

    @property
    def weekday(self) -> int:
        """The weekday of the first day, 0 is Monday."""
        return date.fromisoformat(self.first_day).weekday()


class Supplies(Struct, frozen=True):
    """What was counted at a moment; ``day`` is the business day of it, which is not over."""

    at_us: int
    day: str
    placements: dict[str, Supply]


NO_SUPPLIES = Supplies(0, "1970-01-01", {})


async def count(warehouse: Warehouse, now_us: int, zone: str) -> Supplies:
    """Return the slots of the last WINDOW_DAYS."""
    told: dict[str, Any] = {"source": SOURCE, "zone": zone}
    days = await warehouse.query(_DAYS, {**told, "since": now_us - WINDOW_DAYS * DAY_US})
    weeks = await warehouse.query(_WEEK, {**told, "since": now_us - PROFILE_DAYS * DAY_US})
    by_place: dict[str, dict[str, int]] = {}
    for place, day, slots in days.rows:
        by_place.setdefault(place, {})[day] = int(slots)
    profiles: dict[str, list[int]] = {}
    for place, half_hour, slots in weeks.rows:
        profiles.setdefault(place, [0] * (7 * HALF_HOURS))[half_hour] = int(slots)
    today = business_day(now_us, zone)
    found = {
        place: _supply(counted, today, profiles.get(place, []))
        for place, counted in by_place.items()
    }
    return Supplies(now_us, today, found)


def _supply(counted: Mapping[str, int], today: str, week: list[int]) -> Supply:
    """Return the supply of one placement. A day between two others without any is a 0."""
    past = [day for day in counted if day < today]
    first = min(past, default=today)
    days = days_between(first, _before(today))
    return Supply(first, [counted.get(day, 0) for day in days], counted.get(today, 0), week)


def days_between(first: str, last: str) -> list[str]:
    """Return the days from one to another, both included."""
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return [(start + timedelta(at)).isoformat() for at in range((end - start).days + 1)]


def _before(day: str) -> str:
    return (date.fromisoformat(day) - timedelta(1)).isoformat()


def encode(supplies: Supplies) -> bytes:
    """Return the artifact's bytes."""
    return msgspec.msgpack.encode(supplies)


def decode(body: bytes) -> Supplies:
    """Return the supplies of an artifact."""
    return msgspec.msgpack.decode(body, type=Supplies)
