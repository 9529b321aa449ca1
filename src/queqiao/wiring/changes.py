"""What is changed in one role is known in all within a second: the change feed, followed."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from queqiao.kernel.errors import QueqiaoError
from queqiao.ports.records import changes
from queqiao.ports.records.base import Records

log = structlog.get_logger()

POLL_EVERY_S = 0.2

Rebuild = Callable[[], Awaitable[None]]


class Follower:
    """Calls the rebuilders of what has changed; what they build is swapped in whole by them.

    A rebuild that fails is tried again at the next poll, and the old state serves meanwhile.
    """

    def __init__(self, records: Records) -> None:
        self._records = records
        self._rebuilds: list[tuple[str, Rebuild]] = []
        self._version = records.read_now(changes.latest)
        self._due: set[int] = set()

    def on(self, prefix: str, rebuild: Rebuild) -> None:
        """Call ``rebuild`` when something changes whose ``kind/id`` starts with ``prefix``."""
        self._rebuilds.append((prefix, rebuild))

    async def build_all(self) -> None:
        """Build everything for the first time. Raises what a rebuild raises."""
        for _, rebuild in self._rebuilds:
            await rebuild()

    async def run(self, stop: asyncio.Event) -> None:
        """Follow until ``stop`` is set."""
        while not stop.is_set():
            try:
                await self.poll()
            except QueqiaoError as error:
                log.warning("the change feed could not be followed", reason=str(error))
            try:
                await asyncio.wait_for(stop.wait(), POLL_EVERY_S)
            except TimeoutError:
                continue

    async def poll(self) -> None:
        """Take in what has changed since the last time."""
        new = await asyncio.to_thread(self._records.changes_since, self._version)
        for change in new:
            name = f"{change.kind}/{change.id}"
            self._due |= {
                index for index, (prefix, _) in enumerate(self._rebuilds) if name.startswith(prefix)
            }
        if new:
            self._version = new[-1].version
        for index in sorted(self._due):
            await self._rebuilds[index][1]()
            self._due.discard(index)
