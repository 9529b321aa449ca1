"""Times over Arrow arrays: clocks and calendars by Arrow's zones, starts of days by ours."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from queqiao.kernel.clock import MINUTE_US
from queqiao.ports.compute import reference_time
from queqiao.ports.compute.arrow_numbers import column, ints, valid
from queqiao.ports.compute.functions import TIME_END_US
from queqiao.ports.compute.values import ARROW

_TIME, _TEXT = ARROW["time"], pa.string()


def _inside(times: Any) -> Any:
    """Return the times that functions look into, NULL for the others."""
    us = ints(times)
    right = valid(times) & (us >= 0) & (us < TIME_END_US)
    return times if right.all() else column(np.where(right, us, 0), right, _TIME)


def _shown(times: Any, zone: str) -> Any:
    """Return what the zone's clocks show, as times without a zone."""
    return pc.local_timestamp(times.cast(pa.timestamp("us", tz=zone)))


def _truncate(times: Any, unit: str, zone: str) -> Any:
    inside = _inside(times)
    if unit in {"minute", "hour"}:
        length = MINUTE_US if unit == "minute" else 60 * MINUTE_US
        into = ints(_shown(inside, zone)) % length
        return column(ints(inside) - into, valid(inside), _TIME)
    return _day_starts(inside, unit, zone)


def _day_starts(inside: Any, unit: str, zone: str) -> Any:
    """Ask the reference once for each local date that occurs."""
    dates = _shown(inside, zone).cast(pa.date32(), safe=False).dictionary_encode()
    samples = _sample(dates.indices, inside)
    starts = np.zeros(len(dates.dictionary), np.int64)
    for place, sample in samples.items():
        start = reference_time.truncate(sample.value, unit, zone)
        assert start is not None  # the sample is inside
        starts[place] = start
    places = ints(dates.indices.cast(pa.int64()))
    known = valid(inside)
    found = starts[places] if len(starts) else np.zeros(len(inside), np.int64)
    return column(found, known, _TIME)


def _sample(places: Any, inside: Any) -> dict[int, Any]:
    """Return one time of each date."""
    grouped = pa.table({"date": places, "at": inside}).group_by("date").aggregate([("at", "min")])
    pairs = zip(grouped["date"].to_pylist(), grouped["at_min"], strict=True)
    return {place: at for place, at in pairs if place is not None}


def _part(times: Any, name: str, zone: str) -> Any:
    shown = _shown(_inside(times), zone)
    if name == "weekday":
        return pc.day_of_week(shown, count_from_zero=False, week_start=1)
    return getattr(pc, name)(shown)


def _date_text(times: Any, zone: str) -> Any:
    return _shown(_inside(times), zone).cast(pa.date32(), safe=False).cast(_TEXT)


def _to_time(values: Any) -> Any:
    if values.type == pa.int64():
        return _inside(values.cast(_TIME))
    found = [None if v is None else reference_time.read_time(v) for v in values.to_pylist()]
    return pa.array(found, pa.int64()).cast(_TIME)


def _to_text(values: Any) -> Any:
    if values.type != _TIME:
        return values.cast(_TEXT)
    return pc.strftime(_inside(values), format="%Y-%m-%dT%H:%M:%SZ")


COLUMNS: dict[str, Callable[..., Any]] = {
    "to_text": _to_text,
    "to_time": _to_time,
    "truncate_time": _truncate,
    "part_of_time": _part,
    "date_text": _date_text,
}
"""Functions that take arrays, then their constants as text."""
