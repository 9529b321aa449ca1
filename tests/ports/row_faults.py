"""Who writes rows while their store fails, and who decides meanwhile."""

import asyncio
import os
import signal
import time
from contextlib import contextmanager

from queqiao.kernel.clock import SystemClock
from queqiao.kernel.errors import Unavailable
from queqiao.ports.profile_rows.base import counter
from queqiao.ports.profile_rows.laws import values
from queqiao.profile.live_reader import UNAVAILABLE, LiveReader

BACK_WITHIN_S = 60


class Writers:
    """Several who write and add, and say again what was not answered; they keep what was."""

    def __init__(self, rows, count=8):
        self.rows, self.told, self.failed, self.adding = rows, {}, 0, 0
        self.slowest_s = 0.0
        self.tasks = [asyncio.create_task(self._write(f"w{one}")) for one in range(count)]

    async def _write(self, name):
        number = 0
        while True:
            number += 1
            value = b"%d" % number
            await self._until_told(self.rows.put, {name: {"a:x": value, "b:y": value}})
            self.told[name] = value
            await self._until_told(self.rows.add, "counter", "b:n", 1, f"{name}-{number}")
            self.adding += 1

    async def _until_told(self, call, *arguments):
        began = time.monotonic()
        while True:
            try:
                await call(*arguments)
            except Unavailable:
                self.failed += 1
                await asyncio.sleep(0.05)
            else:
                self.slowest_s = max(self.slowest_s, time.monotonic() - began)
                return

    async def reach(self, more, within_s=BACK_WITHIN_S):
        goal = self.adding + more
        async with asyncio.timeout(within_s):
            while self.adding < goal:  # noqa: ASYNC110  # a count of answers, not a moment
                await asyncio.sleep(0.01)

    async def end(self):
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def check(self, rows):
        """See that what was told is there, whole; the last step may have been done or not."""
        found = await rows.get([*self.told, "counter"])
        for name, value in self.told.items():
            row = values(found[name])
            assert row["a:x"] == row["b:y"]
            assert int(row["a:x"]) in (int(value), int(value) + 1)
        total = counter(found["counter"]["b:n"].value)
        assert self.adding <= total <= self.adding + len(self.tasks)


async def fill(rows):
    for number in range(100):
        await rows.put({f"k{number}": {"a:x": b"x" * 200_000}})


@contextmanager
def stopped(pid):
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


async def decides_in_time(rows):
    """Ask as a decision does, with its deadline; nothing is raised."""
    reader = LiveReader(rows, SystemClock(), "Asia/Shanghai")
    began = time.monotonic()
    assert await reader.told(["u"], SystemClock().now_us()) == UNAVAILABLE
    assert await reader.told(["u"], SystemClock().now_us()) == UNAVAILABLE
    assert time.monotonic() - began < 1.0
