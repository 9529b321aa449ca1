"""The table of points, how points get into it, and how long they stay.

A point is known by its series (a digest of name and labels) and its moment; the one that was stored
last counts. The engine drops replaced ones when it merges, and a question takes the last of each,
so that a batch that was sent twice changes nothing. After ``DETAIL_DAYS`` points are merged to one
in five minutes: the last of a counter, the average of anything else; after ``DAYS`` they are gone.
"""

import asyncio
from collections.abc import Mapping, Sequence

import msgspec
import pyarrow as pa
from msgspec import Struct
from xxhash import xxh3_64_intdigest

from queqiao.kernel.clock import Clock
from queqiao.measure.series_contracts import Kind
from queqiao.ports.rpc import Method, RpcClient
from queqiao.ports.warehouse.base import Warehouse

STORE = "points.store"
DETAIL_DAYS = 14
DAYS = 400
ROWS_A_TURN_MAX = 50_000

_COLUMNS: dict[str, tuple[str, pa.DataType]] = {
    "name": ("LowCardinality(String)", pa.string()),
    "series": ("UInt64", pa.uint64()),
    "labels": ("LowCardinality(String)", pa.string()),
    "kind": ("LowCardinality(String)", pa.string()),
    "at": ("DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1))", pa.timestamp("ms", tz="UTC")),
    "value": ("Float64 CODEC(Gorilla, ZSTD(1))", pa.float64()),
    "stored_at": ("DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1))", pa.timestamp("ms", tz="UTC")),
}
_SCHEMA = pa.schema([(name, kinds[1]) for name, kinds in _COLUMNS.items()])

TABLE = "metric_points"
CREATE = (
    f"CREATE TABLE IF NOT EXISTS {TABLE}"
    f" ({', '.join(f'{name} {kinds[0]}' for name, kinds in _COLUMNS.items())})"
    " ENGINE = ReplacingMergeTree(stored_at)"
    " PRIMARY KEY (name, series, toStartOfFiveMinutes(at))"
    " ORDER BY (name, series, toStartOfFiveMinutes(at), at)"
    f" TTL toDateTime(at) + toIntervalDay({DETAIL_DAYS})"
    " GROUP BY name, series, toStartOfFiveMinutes(at)"
    " SET value = if(any(kind) IN ('counter', 'histogram'), argMax(value, at), avg(value)),"
    " at = max(at), stored_at = max(stored_at),"
    f" toDateTime(at) + toIntervalDay({DAYS}) DELETE"
    " SETTINGS fsync_after_insert = 1, fsync_part_directory = 1"
)


class StoredPoint(Struct, frozen=True, array_like=True, gc=False):
    """One point on its way to the table. ``labels`` is canonical JSON, ``at_ms`` UTC."""

    name: str
    labels: str
    kind: Kind
    at_ms: int
    value: float


class Batch(Struct, frozen=True):
    """Points to store."""

    points: list[StoredPoint]


def canonical(labels: Mapping[str, str]) -> str:
    """Return labels as the one text that stands for them."""
    return msgspec.json.encode(dict(sorted(labels.items()))).decode()


def series_of(name: str, labels: str) -> int:
    """Return the number of a series, by its name and canonical labels."""
    return xxh3_64_intdigest(f"{name}\n{labels}".encode())


class PointsWriter:
    """Stores points beside the engine. Calls that come while one is written go together."""

    def __init__(self, warehouse: Warehouse, clock: Clock) -> None:
        self._warehouse = warehouse
        self._clock = clock
        self._waiting: list[tuple[Sequence[StoredPoint], asyncio.Future[int]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Make the table where it is not there."""
        await self._warehouse.command(CREATE)

    async def store(self, batch: Batch) -> int:
        """Return how many points were stored, once they are on disk. Raises Unavailable."""
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append((batch.points, done))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        return await done

    async def _write(self) -> None:
        while self._waiting:
            turn = self._turn()
            try:
                rows = self._rows([one for points, _ in turn for one in points])
                await self._warehouse.insert(TABLE, rows, gathered=True)
            except Exception as error:  # noqa: BLE001  # whatever it is, those who wait hear it
                for _, done in turn:
                    if not done.done():
                        done.set_exception(error)
            else:
                for points, done in turn:
                    if not done.done():
                        done.set_result(len(points))

    def _turn(self) -> list[tuple[Sequence[StoredPoint], "asyncio.Future[int]"]]:
        """Take as many of the waiting calls as go together, at least one."""
        count = rows = 0
        for points, _ in self._waiting:
            rows += len(points)
            if count and rows > ROWS_A_TURN_MAX:
                break
            count += 1
        turn, self._waiting = self._waiting[:count], self._waiting[count:]
        return turn

    def _rows(self, points: Sequence[StoredPoint]) -> pa.Table:
        stored_ms = self._clock.now_us() // 1000
        return pa.table(
            [
                [one.name for one in points],
                [series_of(one.name, one.labels) for one in points],
                [one.labels for one in points],
                [one.kind for one in points],
                [one.at_ms for one in points],
                [one.value for one in points],
                [stored_ms] * len(points),
            ],
            schema=_SCHEMA,
        )


class PointsStore:
    """The analytics role's table of points, over its socket."""

    def __init__(self, client: RpcClient) -> None:
        self._client = client

    async def store(self, points: Sequence[StoredPoint]) -> int:
        """Return how many points were stored, once they are on disk. Raises Unavailable."""
        stored: int = await self._client.call(STORE, Batch(list(points)), int)
        return stored


def methods(writer: PointsWriter) -> dict[str, Method]:
    """Return the method by which the owner of the engine answers, for its RpcServer."""
    return {STORE: Method(writer.store, Batch, int)}
