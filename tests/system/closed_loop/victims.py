"""What is killed during the loop, and when it is back."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from random import Random
from types import MappingProxyType
from typing import NamedTuple

import httpx
from bench.harness import System
from tests.system.closed_loop.pages import DEADLINES_S, Pages
from tests.system.closed_loop.streams import LiveStream
from tests.system.closed_loop.traffic import Traffic
from tests.system.test_kill import status_of

from deploy.engines.instance import Instance
from queqiao.demo.client import StoreClient

KINDS = ("kafka", "decide", "redis", "hdfs_datanode", "postgresql", "hbase", "intake")
NUMBERED = {
    "kafka": ("kafka_1", "kafka_2", "kafka_3"),
    "decide": ("decide-0", "decide-1", "decide-2", "decide-3"),
    "hdfs_datanode": ("hdfs_datanode_1", "hdfs_datanode_2"),
}
ROLES = ("decide", "intake")
STREAMS = ("spark", "flink")
"""Spark's driver, and the task manager on which Flink's stream runs."""

ROUNDS_FOR_ALL = 3
BACK_WITHIN_S = 60.0
STREAM_BACK_WITHIN_S = 240.0
"""A driver on a machine whose two cores all others use needs most of a minute for its start alone.
"""
LOOK_EVERY_S = 0.1


class Killing(NamedTuple):
    """What happened to one victim. ``served_s``: until all was served again."""

    kind: str
    name: str
    killed_s: float
    served_s: float


def victims_of(round_: int, seed: int) -> list[str]:
    """Return whom a round kills: in as many rounds as it takes, each kind once."""
    turn, part = divmod(round_, ROUNDS_FOR_ALL)
    return Random(seed + turn).sample(KINDS, len(KINDS))[part::ROUNDS_FOR_ALL]


class Killer:
    """Kills one victim after the other while the store is open."""

    def __init__(
        self,
        system: System,
        engines: Instance,
        random: Random,
        streams: Mapping[str, LiveStream] = MappingProxyType({}),
    ) -> None:
        self._system = system
        self._engines = engines
        self._random = random
        self._streams = streams
        self.done: list[Killing] = []

    async def kill_all(self, kinds: list[str], pages: Pages, traffic: Traffic) -> None:
        """Kill each at a moment by the seed, and wait until all is served again, without help."""
        client = StoreClient(self._system.base_url, self._system.admin_key, "")
        for kind in kinds:
            await asyncio.sleep(self._random.uniform(2, 5))
            name = self._random.choice(NUMBERED.get(kind, (kind,)))
            killed_s = time.monotonic()
            await self._kill(kind, name)
            await _until_served(self._system.base_url, client, traffic)
            await _until(lambda since=killed_s: all(_filled(pages, since)))
            self.done.append(Killing(kind, name, killed_s, time.monotonic() - killed_s))
        await client.close()

    async def _kill(self, kind: str, name: str) -> None:
        """Kill it; return when it is back, and works again where it is a stream."""
        if kind in STREAMS:
            await self._kill_stream(name)
        else:
            await _until(self._kill_role(name) if kind in ROLES else self._kill_server(name))

    async def _kill_stream(self, name: str) -> None:
        stream = self._streams[name]
        written = (await asyncio.to_thread(stream.rows)).num_rows
        if name == "spark":
            await asyncio.to_thread(stream.kill_driver)
            await asyncio.to_thread(stream.start)
        else:
            await _until(self._kill_server("flink_taskmanager"))
        deadline = time.monotonic() + STREAM_BACK_WITHIN_S
        while (await asyncio.to_thread(stream.rows)).num_rows <= written:
            assert time.monotonic() < deadline, f"{name} counts nothing new"
            await asyncio.sleep(LOOK_EVERY_S)

    def _kill_server(self, name: str) -> Callable[[], bool]:
        dead = self._engines.server(name).pid
        os.kill(dead, signal.SIGKILL)
        return lambda: (
            (now := self._engines.server(name)).phase == "ready"
            and now.pid != dead
            and not now.problem
        )

    def _kill_role(self, name: str) -> Callable[[], bool]:
        dead = status_of(self._system, name)
        os.kill(dead.pid, signal.SIGKILL)
        return lambda: status_of(self._system, name).restarts > dead.restarts


async def _until_served(base_url: str, client: StoreClient, traffic: Traffic) -> None:
    """Return when every role answers and a count has worked.

    A count reads the end of the log and the warehouse, and writes the records and the lake.
    """
    async with httpx.AsyncClient(base_url=base_url, timeout=30) as looking:
        await _until_ready(looking)
    asked = {"hold_s": 600, "lake": True}
    await client.must("/api/v1/schedule/count", asked, now_us=traffic.now_us)


def _filled(pages: Pages, since_s: float) -> Iterator[bool]:
    """Yield for each kind of page whether one that began since was filled.

    An ad takes the ledger and the log.
    """
    for kind in DEADLINES_S:
        later = (one for one in pages.seen if one.began_s > since_s)
        yield any(one.kind == kind and one.in_time and not one.told for one in later)


async def _until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + BACK_WITHIN_S
    while not is_so():
        assert time.monotonic() < deadline, f"it did not come about within {BACK_WITHIN_S} s"
        await asyncio.sleep(LOOK_EVERY_S)


async def _until_ready(client: httpx.AsyncClient) -> None:
    while True:
        try:
            if (await client.get("/readyz")).status_code == 200:
                return
        except httpx.TransportError:
            pass  # it is down: that is what we wait out
        await asyncio.sleep(LOOK_EVERY_S)
