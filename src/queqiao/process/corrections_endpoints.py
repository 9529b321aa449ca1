"""Endpoints of the correction log: its lines, and the versions of the buckets they moved."""

from typing import Any, NamedTuple

import msgspec

from queqiao.kernel.clock import DEFAULT_ZONE, format_rfc3339, parse_rfc3339
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.kernel.paging import cursor_after, cursor_of, limit_of, whole_of
from queqiao.kernel.tokens import Signer
from queqiao.ports.warehouse.base import Warehouse
from queqiao.process.transforms.catalogue import TRANSFORMS

PATH = "/api/v1/corrections"
_PURPOSE = "corrections"
_OFFSET_MAX = 2**63 - 1

GRAINS = {"minute": ("minute", "hour", "day"), "hour": ("hour", "day"), "day": ("day",)}
"""Which lines moved a bucket of each length: those that say so, and those of longer ones."""

_BUCKETS = {
    "minute": "formatDateTime(toStartOfMinute(timestamp), '%Y-%m-%dT%H:%i:00Z', 'UTC')",
    "hour": "formatDateTime(toStartOfHour(timestamp), '%Y-%m-%dT%H:%i:00Z', 'UTC')",
    "day": "toString(toDate(timestamp, {zone:String}))",
}
_MONEY = "('cost', 'gmv', 'gross', 'net', 'credit_notes', 'discount')"
_NOT_ASKED = -1
_TIMES = (
    "({start:Int64} = -1 OR timestamp >= fromUnixTimestamp64Micro({start:Int64}, 'UTC'))"
    " AND ({end:Int64} = -1 OR timestamp < fromUnixTimestamp64Micro({end:Int64}, 'UTC'))"
    " AND has({grains:Array(String)}, grain)"
)
_PAGE = f"WHERE offset < {{before:UInt64}} AND {_TIMES} ORDER BY offset DESC LIMIT {{most:UInt32}}"
_COLUMNS = "offset, grain, event, timestamp, received_at, currency, metrics, amounts"
_LINES = f"SELECT {_COLUMNS} FROM corrections {_PAGE}"  # noqa: S608  # our own words
_OF_A_TRANSFORM = (
    f"SELECT {_COLUMNS} FROM (SELECT * FROM late_rows WHERE transform = {{transform:String}})"  # noqa: S608  # our own words
    f" {_PAGE}"
)


class CorrectedLine(msgspec.Struct):
    """One late event: what it moved, in the units of the metrics, and from which bucket up.

    ``grain`` is the longest bucket that was closed when it came: ``day`` moved a closed minute,
    hour and day, ``minute`` a closed minute only. Amounts of money are minor units of ``currency``.
    """

    offset: int
    grain: str
    event: str
    timestamp: str
    received_at: str
    currency: str
    moved: dict[str, int]


class Lines(msgspec.Struct):
    """A page of lines, the newest first.

    Of a transform (``transform=``) they are the rows that its windows called too late: ``moved`` is
    what its results lack.
    """

    items: list[CorrectedLine]
    next_cursor: str | None


class Moved(msgspec.Struct):
    """By how much one metric of a bucket moved in all. ``currency`` is empty for counts."""

    metric: str
    currency: str
    amount: int


class Bucket(msgspec.Struct):
    """A closed bucket that late events moved. ``version`` counts them: 0 before the first."""

    bucket: str
    version: int
    last_offset: int
    last_received_at: str
    moved: list[Moved]


class Buckets(msgspec.Struct):
    """Buckets by time."""

    items: list[Bucket]


class CorrectionServices(NamedTuple):
    """What the handlers use."""

    warehouse: Warehouse
    signer: Signer
    zone: str = DEFAULT_ZONE


def handlers(services: CorrectionServices) -> list[Route]:
    """Return the routes."""

    async def lines(request: Request) -> Response:
        limit = limit_of(request)
        place = cursor_of(request, services.signer, _PURPOSE, int) or _OFFSET_MAX
        asked = _asked(request, "minute") | {"before": place, "most": limit + 1}
        sql, transform = _LINES, request.query.get("transform", "")
        if transform:
            sql, asked = _OF_A_TRANSFORM, asked | {"transform": _known(transform)}
        rows = (await services.warehouse.query(sql, asked)).rows
        cursor = None
        if len(rows) > limit:
            cursor = cursor_after(services.signer, _PURPOSE, rows[limit - 1][0])
        return json_response(Lines([_line(row) for row in rows[:limit]], cursor))

    async def buckets(request: Request) -> Response:
        grain = _grain(request, "day")
        as_of = whole_of(request, "as_of", 0, _OFFSET_MAX, _OFFSET_MAX)
        asked = _asked(request, grain) | {"as_of": as_of, "zone": services.zone}
        asked["most"] = limit_of(request)
        rows = (await services.warehouse.query(_buckets(grain), asked)).rows
        return json_response(Buckets([_bucket(row) for row in rows]))

    listed = Message("晚到更正记录", "The log of corrections by late events")
    moved = Message("被更正的时间桶及其版本", "Buckets that corrections moved, with versions")
    tags = ("reports",)
    return [
        Route("GET", PATH, lines, listed, "read", None, Lines, tags),
        Route("GET", f"{PATH}/buckets", buckets, moved, "read", None, Buckets, tags),
    ]


def _buckets(grain: str) -> str:
    key = f"concat(one, '\\t', if(one IN {_MONEY}, toString(currency), ''))"
    return (
        f"SELECT {_BUCKETS[grain]} AS bucket, count(), max(offset), max(received_at),"  # noqa: S608  # our own words
        f" sumMap(arrayMap(one -> {key}, metrics), amounts)"
        f" FROM corrections WHERE offset <= {{as_of:UInt64}} AND {_TIMES}"
        " GROUP BY bucket ORDER BY bucket DESC LIMIT {most:UInt32}"
    )


def _grain(request: Request, default: str) -> str:
    grain = request.query.get("grain", default)
    if grain not in GRAINS:
        words = ", ".join(GRAINS)
        raise InvalidInput(FieldError("grain", Message(f"可用：{words}", f"one of {words}")))
    return grain


def _asked(request: Request, default: str) -> dict[str, Any]:
    start, end = (_moment(request, name) for name in ("from", "to"))
    return {"start": start, "end": end, "grains": list(GRAINS[_grain(request, default)])}


def _known(transform: str) -> str:
    if transform not in TRANSFORMS:
        words = ", ".join(TRANSFORMS)
        raise InvalidInput(FieldError("transform", Message(f"可用：{words}", f"one of {words}")))
    return transform


def _moment(request: Request, name: str) -> int:
    said = request.query.get(name)
    return _NOT_ASKED if said is None else max(parse_rfc3339(said, name), 0)


def _line(row: list[Any]) -> CorrectedLine:
    offset, grain, event, at_us, received_us, currency, metrics, amounts = row
    at, received_at = format_rfc3339(at_us), format_rfc3339(received_us)
    moved = dict(zip(metrics, amounts, strict=True))
    return CorrectedLine(offset, grain, event, at, received_at, currency, moved)


def _bucket(row: list[Any]) -> Bucket:
    name, version, offset, received_us, (keys, amounts) = row
    moved = [
        Moved(key.partition("\t")[0], key.partition("\t")[2], amount)
        for key, amount in zip(keys, amounts, strict=True)
        if amount
    ]
    return Bucket(name, version, offset, format_rfc3339(received_us), moved)
