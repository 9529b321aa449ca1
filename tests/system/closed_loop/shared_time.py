"""Simulated time that all visits share: it moves on when none of them has anything left to do.

Time goes in windows. What lies in one window happens at once, in the order that the machine
pleases; what lies in a later one waits until all of the earlier one is over.
"""

import asyncio
import heapq
from collections.abc import Coroutine, Iterable
from itertools import count
from typing import Any

from queqiao.demo.client import StoreClient
from queqiao.demo.stage import Event, HistoryStage

Doing = Coroutine[Any, Any, object]


class SharedTime:
    """The end of the present window, and who waits for a later one."""

    def __init__(self, start_us: int) -> None:
        self.end_us = start_us
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._numbers = count()
        self._tasks: set[asyncio.Task[None]] = set()
        self._active = 0
        self._idle = asyncio.Event()

    @property
    def waiting(self) -> int:
        """How many wait for a later window."""
        return len(self._waiting)

    async def reach(self, at_us: int) -> None:
        """Return when the window of that moment is open."""
        if at_us < self.end_us:
            return
        opened = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (at_us, next(self._numbers), opened))
        self._count(-1)
        await opened

    async def move_to(self, end_us: int, begun: Iterable[Doing]) -> None:
        """Live until ``end_us``, with what begins meanwhile. Raises what any of it raises."""
        self.end_us = end_us
        for doing in begun:
            self._count(1)
            self._tasks.add(asyncio.create_task(self._do(doing)))
        while self._waiting and self._waiting[0][0] < end_us:
            self._count(1)
            heapq.heappop(self._waiting)[2].set_result(None)
        if self._active:
            await self._idle.wait()
        ended = {task for task in self._tasks if task.done()}
        self._tasks -= ended
        for task in ended:
            task.result()

    async def _do(self, doing: Doing) -> None:
        try:
            await doing
        finally:
            self._count(-1)

    def _count(self, more: int) -> None:
        self._active += more
        (self._idle.clear if self._active else self._idle.set)()


class SharedStage(HistoryStage):
    """A visit in shared time: its calls carry its time, its pauses wait until it has come."""

    def __init__(
        self, client: StoreClient, time: SharedTime, start_us: int, events: list[Event]
    ) -> None:
        super().__init__(client, start_us, events)
        self._time = time

    async def pause(self, seconds: float) -> None:
        """Move the visit's clock, and wait for that moment."""
        await super().pause(seconds)
        await self._time.reach(self.now_us())
