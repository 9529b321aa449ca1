"""What the console shows of the way of the data: sources by their health, and the pipeline."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from threading import Lock
from typing import Any, NamedTuple

import msgspec

from queqiao.collect.bad_row_groups import BadRowGroups
from queqiao.kernel.clock import MINUTE_US, Clock, format_rfc3339
from queqiao.kernel.envelope import Envelope, decode_envelope
from queqiao.kernel.errors import Message
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.kernel.paging import whole_of
from queqiao.operate.contracts import Operation, Parameter
from queqiao.ports.event_log.base import EventLogReader
from queqiao.ports.warehouse.base import Warehouse
from queqiao.process.contracts import BackfillState, TieringState, watermark

MINUTES = 60
DAY_MINUTES = 24 * 60
LOOKED_AT = 1_000
"""So many of the newest events are looked at for what client a source speaks through."""

_TAGS = ("system",)
_MINUTE = "toInt64(intDiv(toUnixTimestamp(received_at), 60))"
_SINCE = "received_at >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')"
_ALL_OF_SOURCES = (
    f"SELECT source, count(), countIf({_SINCE}), toUnixTimestamp64Micro(max(received_at))"  # noqa: S608  # our own words; values are parameters
    " FROM history GROUP BY source ORDER BY max(received_at) DESC LIMIT 500"
)
_MINUTES_OF_SOURCES = (
    f"SELECT source, {_MINUTE} AS minute, count() FROM events WHERE {_SINCE}"  # noqa: S608  # our own words; values are parameters
    " GROUP BY source, minute"
)
_LATE = f"SELECT {_MINUTE} AS minute, count() FROM corrections WHERE {_SINCE} GROUP BY minute"  # noqa: S608  # our own words; values are parameters


class SourceView(msgspec.Struct, frozen=True):
    """One source of events. ``minutes`` counts the stored ones of the last hour, oldest first."""

    source: str
    client: str
    last_at: str | None
    events: int
    events_day: int
    bad_rows_day: int
    minutes: list[int]


class SourceList(msgspec.Struct, frozen=True):
    """Every source that sent something, the latest first."""

    items: list[SourceView]
    next_cursor: str | None = None


class MinuteView(msgspec.Struct, frozen=True):
    """A minute of taking: events stored, rows refused, events too late for their bucket."""

    at: str
    events: int
    bad_rows: int
    late: int


class PipelineView(msgspec.Struct, frozen=True):
    """How far the data is. ``lag_ms`` is the age of the oldest event that waits; 0 when none.

    ``tiers`` tells where raw events lie, and how many bytes they take; ``backfill`` how far
    history is processed again.
    """

    now: str
    log_end: int
    loaded: int
    lag_events: int
    lag_ms: int
    watermark: str | None
    last_received_at: str | None
    tiers: TieringState
    backfill: BackfillState
    minutes: list[MinuteView]


class Upkeep(NamedTuple):
    """Who tells what the analytics role does beside loading."""

    tiers: Callable[[], Awaitable[TieringState]]
    backfill: Callable[[], Awaitable[BackfillState]]


class PipelineDesk:
    """Answers both questions from the log, the warehouse and the bad rows."""

    def __init__(
        self,
        reader: EventLogReader,
        warehouse: Warehouse,
        bad_rows: BadRowGroups,
        clock: Clock,
        upkeep: Upkeep,
    ) -> None:
        self._upkeep = upkeep
        self._reader = reader
        self._warehouse = warehouse
        self._bad_rows = bad_rows
        self._clock = clock
        self._reading = Lock()

    async def sources(self) -> SourceList:
        """Return every source with its health."""
        now_us = self._clock.now_us()
        day_us = now_us - DAY_MINUTES * MINUTE_US
        totals = await self._rows(_ALL_OF_SOURCES, day_us)
        first = now_us // MINUTE_US - MINUTES + 1
        minutes = _series(await self._rows(_MINUTES_OF_SOURCES, first * MINUTE_US), first)
        refused = await self._refused(day_us)
        clients = await asyncio.to_thread(self._clients)
        views = [
            SourceView(
                source,
                clients.get(source, ""),
                format_rfc3339(last_us),
                total,
                day,
                refused.pop(source, 0),
                minutes.get(source, [0] * MINUTES),
            )
            for source, total, day, last_us in totals
        ]
        silent = [
            SourceView(source, "", None, 0, 0, count, [0] * MINUTES)
            for source, count in refused.items()
        ]
        return SourceList(views + silent)

    async def pipeline(self, minutes: int) -> PipelineView:
        """Return how far the data is, and its last ``minutes``."""
        now_us = self._clock.now_us()
        done = await watermark(self._warehouse)
        end, waiting_us, last_us = await asyncio.to_thread(self._log_state, done.offset)
        first = now_us // MINUTE_US - minutes + 1
        since_us = first * MINUTE_US
        stored = _summed(await self._rows(_MINUTES_OF_SOURCES, since_us))
        late = dict(map(tuple, await self._rows(_LATE, since_us)))
        bad = await asyncio.to_thread(self._bad_rows.by_minute, since_us)
        refused = _summed([source, minute, count] for (source, minute), count in bad.items())
        return PipelineView(
            format_rfc3339(now_us),
            end,
            done.offset,
            max(0, end - done.offset),
            0 if waiting_us is None else max(0, now_us - waiting_us) // 1000,
            format_rfc3339(done.received_at_us) if done.offset else None,
            None if last_us is None else format_rfc3339(last_us),
            await self._upkeep.tiers(),
            await self._upkeep.backfill(),
            [
                MinuteView(
                    format_rfc3339(minute * MINUTE_US),
                    stored.get(minute, 0),
                    refused.get(minute, 0),
                    late.get(minute, 0),
                )
                for minute in range(first, first + minutes)
            ],
        )

    async def _rows(self, sql: str, since_us: int) -> list[list[Any]]:
        return (await self._warehouse.query(sql, {"since": since_us})).rows

    async def _refused(self, since_us: int) -> dict[str, int]:
        counts: dict[str, int] = defaultdict(int)
        found = await asyncio.to_thread(self._bad_rows.by_minute, since_us)
        for (source, _), count in found.items():
            counts[source] += count
        return counts

    def _clients(self) -> dict[str, str]:
        """Return what library each source spoke through, as its newest events say."""
        found: dict[str, str] = {}
        with self._reading:
            newest = self._reader.recent(LOOKED_AT)
        for event in reversed(newest):
            envelope = decode_envelope(event.body)
            if envelope.source not in found:
                found[envelope.source] = client_of(envelope)
        return found

    def _log_state(self, loaded: int) -> tuple[int, int | None, int | None]:
        """Return the end of the log, and when the oldest waiting and the newest event came."""
        with self._reading:
            waiting, newest = self._reader.read(loaded, 1), self._reader.recent(1)
            end = self._reader.end()
        return (
            end,
            decode_envelope(waiting[0].body).received_at_us if waiting else None,
            decode_envelope(newest[0].body).received_at_us if newest else None,
        )


class _Library(msgspec.Struct):
    name: object = ""
    version: object = ""


class _Context(msgspec.Struct):
    library: _Library | None = None


def client_of(envelope: Envelope) -> str:
    """Return the name and version of the library that an event was sent by; empty when not told."""
    try:
        library = msgspec.json.decode(envelope.context, type=_Context).library or _Library()
    except (msgspec.DecodeError, msgspec.ValidationError):
        return ""
    words = [word for word in (library.name, library.version) if isinstance(word, str)]
    return " ".join(words).strip()[:100]


def _series(rows: list[list[Any]], first: int) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(lambda: [0] * MINUTES)
    for source, minute, count in rows:
        if 0 <= minute - first < MINUTES:
            found[source][minute - first] = count
    return found


def _summed(rows: Iterable[list[Any]]) -> dict[int, int]:
    found: dict[int, int] = defaultdict(int)
    for _, minute, count in rows:
        found[minute] += count
    return found


def routes(desk: PipelineDesk) -> list[Route | Operation]:
    """Return the routes."""

    async def sources(_request: Request) -> Response:
        return json_response(await desk.sources())

    async def pipeline(request: Request) -> Response:
        minutes = whole_of(request, "minutes", 5, DAY_MINUTES, MINUTES)
        return json_response(await desk.pipeline(minutes))

    health = Message("事件来源和它们的健康状况", "List the sources of events with their health")
    way = Message("数据走到哪里，每分钟多少", "Show how far the data is, and its course by minute")
    told = Parameter("minutes", Message("看最近几分钟", "how many minutes back, 5 to 1440"), int)
    shown = Route("GET", "/api/v1/pipeline", pipeline, way, "read", None, PipelineView, _TAGS)
    return [
        Route("GET", "/api/v1/sources", sources, health, "read", None, SourceList, _TAGS),
        Operation(shown, (told,)),
    ]
