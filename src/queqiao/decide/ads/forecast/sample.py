"""The sample that forecasts are made of: recent opportunities and results, as an artifact."""

import zlib
from typing import Any

import msgspec
import numpy as np

from queqiao.decide.ads.forecast.opportunities import (
    COLUMNS,
    Gathering,
    Opportunities,
    kind_of,
)
from queqiao.decide.ads.forecast.reading import gather
from queqiao.decide.ads.forecast.results import Result, results
from queqiao.kernel.clock import DAY_US, DEFAULT_ZONE, business_day, day_start_us
from queqiao.ports.warehouse.base import Warehouse

ARTIFACT = "ads_opportunities"
"""The name under which the sample travels (``ports/records/artifacts``)."""

DAYS = 28
ROWS_MAX = 40_000
"""About so many events are kept: a forecast over them takes some milliseconds."""


class Sample(msgspec.Struct, frozen=True):
    """``share`` of all people, with all of their opportunities; the results are of everybody."""

    since_us: int
    until_us: int
    share: float
    opportunities: Opportunities
    results: list[Result]


NOTHING = Sample(0, 0, 1.0, Gathering().columns(), [])
"""What is known before the first sample is made."""


class _Packed(msgspec.Struct):
    since_us: int
    until_us: int
    share: float
    columns: dict[str, bytes]
    fields: dict[str, bytes]
    words: tuple[list[str], list[str], list[list[str]], list[str]]
    values: dict[str, list[Any]]
    results: list[Result]


async def sample(
    warehouse: Warehouse, now_us: int, zone: str = DEFAULT_ZONE, rows_max: int = ROWS_MAX
) -> Sample:
    """Return the sample of the last ``DAYS`` business days and of today so far."""
    today_us = day_start_us(business_day(now_us, zone), zone)
    since_us = day_start_us(business_day(today_us - DAYS * DAY_US, zone), zone)
    gathering, share = await gather(warehouse, since_us, now_us, rows_max)
    became = await results(warehouse, since_us, now_us)
    return Sample(since_us, now_us, share, gathering.columns(), became)


def encode(made: Sample) -> bytes:
    """Return the artifact's bytes."""
    found = made.opportunities
    packed = _Packed(
        made.since_us,
        made.until_us,
        made.share,
        {name: getattr(found, name).tobytes() for name in COLUMNS},
        {name: column.tobytes() for name, column in found.fields.items()},
        (found.places, found.channels, found.segment_sets, found.campaigns),
        found.values,
        made.results,
    )
    return zlib.compress(msgspec.msgpack.encode(packed), 1)


def decode(body: bytes) -> Sample:
    """Return the sample of an artifact."""
    packed = msgspec.msgpack.decode(zlib.decompress(body), type=_Packed)
    columns: dict[str, Any] = {
        name: np.frombuffer(held, kind_of(name)) for name, held in packed.columns.items()
    }
    places, channels, segment_sets, campaigns = packed.words
    found = Opportunities(
        **columns,
        fields={name: np.frombuffer(held, np.int64) for name, held in packed.fields.items()},
        places=places,
        channels=channels,
        segment_sets=segment_sets,
        campaigns=campaigns,
        values=packed.values,
    )
    return Sample(packed.since_us, packed.until_us, packed.share, found, packed.results)
