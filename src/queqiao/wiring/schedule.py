"""What is counted on a schedule for those who decide: segments, items that go together, clicks.

By the clock it happens every few seconds. It may also be asked for, as of a moment: who lives
through a history on a fast clock asks at the borders of its days, and has the same store each time.
"""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Annotated

import msgspec
from msgspec import Meta

from queqiao.decide.ads import counts
from queqiao.decide.ads.forecast import sample
from queqiao.decide.recommend.contracts import ARTIFACT as ITEMS_ARTIFACT
from queqiao.decide.recommend.model import encode_model
from queqiao.decide.recommend.training import train
from queqiao.kernel.clock import DEFAULT_ZONE
from queqiao.kernel.errors import Message, Unavailable
from queqiao.ports.event_log.base import EventLogReader
from queqiao.ports.records import artifacts, changes
from queqiao.ports.records.base import Records
from queqiao.ports.rpc import RpcServer
from queqiao.ports.rpc.server import Method
from queqiao.ports.warehouse.base import Warehouse
from queqiao.process.contracts import watermark
from queqiao.profile.segment_counts import SegmentCounter

HOLD_S_MAX = 600
LOADED_WITHIN_S = 20.0
_LOOK_EVERY_S = 0.05
_LAGS = Message("事件尚未全部入库，请再试", "not all events are loaded yet; try again")

AtMoment = Callable[[int], Awaitable[object]]
"""Counts something as of a moment."""


class CountNow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the caller asks: count now, and for so many seconds no more by the clock (0: go on).

    ``lake``: also write the business day before to the lake.
    """

    hold_s: Annotated[float, Meta(ge=0, le=HOLD_S_MAX)] = 0
    lake: bool = False


class CountAt(msgspec.Struct, frozen=True):
    """The same, with the moment as of which to count."""

    now_us: int
    hold_s: float
    lake: bool = False


class Counted(msgspec.Struct, frozen=True):
    """Up to which event was counted, and the version of the records that holds all of it."""

    offset: int
    version: int


class Schedule:
    """Counts by the clock or when asked, never both at once.

    The lake has a turn of its own: one that hangs, or is slow with much to write, must not keep
    segments from being counted.
    """

    def __init__(
        self,
        warehouse: Warehouse,
        records: Records,
        reader: EventLogReader,
        publish_lake: AtMoment,
        zone: str = DEFAULT_ZONE,
    ) -> None:
        self._warehouse = warehouse
        self._records = records
        self._reader = reader
        self._publish_lake = publish_lake
        self._zone = zone
        self._segments = SegmentCounter(warehouse, records)
        self._turn = asyncio.Lock()
        self._lake_turn = asyncio.Lock()
        self._held_until_s = 0.0

    def by_clock(self, count: AtMoment, now_us: Callable[[], int]) -> Callable[[], Awaitable[None]]:
        """Return the work as the clock does it: not while it is held."""
        return lambda: self._unless_held(self._turn, count, now_us)

    def lake_by_clock(self, now_us: Callable[[], int]) -> Callable[[], Awaitable[None]]:
        """Return the writing of the lake as the clock does it."""
        return lambda: self._unless_held(self._lake_turn, self._publish_lake, now_us)

    async def _unless_held(
        self, turn: asyncio.Lock, work: AtMoment, now_us: Callable[[], int]
    ) -> None:
        async with turn:
            if monotonic() >= self._held_until_s:
                await work(now_us())

    async def count_segments(self, now_us: int) -> None:
        """Publish who is in which segment."""
        await self._segments.refresh(now_us)

    async def learn_items(self, now_us: int) -> None:
        """Learn which items go together, and publish it."""
        model = await train(self._warehouse, now_us)
        if model is not None:
            body = encode_model(model)
            await self._records.write(
                lambda conn: artifacts.put(conn, ITEMS_ARTIFACT, body, now_us)
            )

    async def count_clicks(self, now_us: int) -> None:
        """Count what became of past ads, and publish it."""
        body = counts.encode(await counts.count(self._warehouse, now_us))
        await self._records.write(lambda conn: artifacts.put(conn, counts.ARTIFACT, body, now_us))

    async def sample_opportunities(self, now_us: int) -> None:
        """Publish the sample of recent opportunities that forecasts are made of."""
        made = await sample.sample(self._warehouse, now_us, self._zone)
        body = await asyncio.to_thread(sample.encode, made)
        await self._records.write(lambda conn: artifacts.put(conn, sample.ARTIFACT, body, now_us))

    async def count_at(self, asked: CountAt) -> Counted:
        """Count everything that is in the log by now. Raises Unavailable when loading lags."""
        async with self._turn:
            self._held_until_s = monotonic() + asked.hold_s
            offset = await self._loaded()
            first = (self.count_segments, self.learn_items, self.count_clicks)
            for count in (*first, self.sample_opportunities):
                await count(asked.now_us)
            if asked.lake:
                async with self._lake_turn:
                    await self._publish_lake(asked.now_us)
            return Counted(offset, await self._records.read(changes.latest))

    async def _loaded(self) -> int:
        """Return the end of the log once the warehouse has it."""
        end, deadline_s = self._reader.end(), monotonic() + LOADED_WITHIN_S
        while (await watermark(self._warehouse)).offset < end:
            if monotonic() > deadline_s:
                raise Unavailable(_LAGS)
            await asyncio.sleep(_LOOK_EVERY_S)
        return end


def server(schedule: Schedule) -> RpcServer:
    """Return the scheduler's answering side."""
    return RpcServer({"schedule.count": Method(schedule.count_at, CountAt, Counted)})
