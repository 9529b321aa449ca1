"""What is changed in one role is known in all within a second: the change feed, followed."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from types import MappingProxyType
from typing import NamedTuple

import msgspec
import structlog

from queqiao.kernel.errors import QueqiaoError
from queqiao.ports.records import changes
from queqiao.ports.records.base import Records
from queqiao.ports.rpc import RpcServer
from queqiao.ports.rpc.server import Method

log = structlog.get_logger()

Rebuild = Callable[[], Awaitable[None]]
TakeIn = Callable[[Collection[str]], Awaitable[None]]
"""Takes in the things of these ids alone."""


class _Follows(NamedTuple):
    """Who is told of what begins with ``prefix``: what changed, where they ask for that."""

    prefix: str
    rebuild: Rebuild
    take_in: TakeIn | None

    async def tell(self, ids: Collection[str]) -> None:
        await (self.rebuild() if self.take_in is None else self.take_in(ids))


class CatchUp(msgspec.Struct, frozen=True):
    """Asks a role to know everything up to a version of the change feed."""

    version: int


class CaughtUp(msgspec.Struct, frozen=True):
    """Up to which version the role knows everything now."""

    version: int


class Follower:
    """Calls the rebuilders of what has changed; what they build is swapped in whole by them.

    A rebuild that fails is tried again at the next poll, and the old state serves meanwhile. It
    keeps no other one from what it has to know.
    """

    def __init__(self, records: Records) -> None:
        self._records = records
        self._follow: list[_Follows] = []
        self._version = records.read_now(changes.latest)
        self._due: dict[int, set[str]] = {}
        self._turn = asyncio.Lock()
        self._away = False

    def on(self, prefix: str, rebuild: Rebuild, take_in: TakeIn | None = None) -> None:
        """Call ``rebuild`` when something changes whose ``kind/id`` starts with ``prefix``.

        With ``take_in``, that is called instead, with the ids that have changed.
        """
        self._follow.append(_Follows(prefix, rebuild, take_in))

    async def build_all(self) -> None:
        """Build everything for the first time. Raises what a rebuild raises."""
        for each in self._follow:
            await each.rebuild()

    async def run(self, stop: asyncio.Event) -> None:
        """Follow until ``stop`` is set; while the records are away, the old state serves."""
        feed = self._records.feed()
        stopping = asyncio.create_task(stop.wait())
        while not stopping.done():
            await self._poll_or_tell()
            told = asyncio.create_task(feed.wait())
            await asyncio.wait({stopping, told}, return_when=asyncio.FIRST_COMPLETED)
            told.cancel()
            await asyncio.gather(told, return_exceptions=True)
        await feed.close()

    async def _poll_or_tell(self) -> None:
        """Poll; log once when the records go away, and once when they are back."""
        try:
            await self.poll()
        except QueqiaoError as error:
            if not self._away:
                log.warning("the change feed cannot be followed", reason=str(error))
            self._away = True
            return
        except Exception:  # a defect of ours: what it does not concern is followed all the same
            log.exception("what has changed cannot be taken in; the old state serves")
            return
        if self._away:
            log.info("the change feed is followed again")
        self._away = False

    async def catch_up(self, asked: CatchUp) -> CaughtUp:
        """Return once the role knows everything up to a version; at once when it does already."""
        if self._version < asked.version or self._turn.locked() or self._due:
            await self.poll()
        return CaughtUp(self._version)

    async def poll(self) -> None:
        """Take in what has changed since the last time."""
        async with self._turn:
            await self._poll()

    async def _poll(self) -> None:
        new = await asyncio.to_thread(self._records.changes_since, self._version)
        for change in new:
            name = f"{change.kind}/{change.id}"
            for index, each in enumerate(self._follow):
                if name.startswith(each.prefix):
                    self._due.setdefault(index, set()).add(change.id)
        if new:
            self._version = new[-1].version
        faults: list[Exception] = []
        for index in sorted(self._due):
            try:
                await self._follow[index].tell(self._due[index])
            except Exception as error:  # noqa: BLE001  # raised when all others were told
                faults.append(error)
            else:
                del self._due[index]
        if faults:
            raise faults[0]


def server(follower: Follower, others: Mapping[str, Method] = MappingProxyType({})) -> RpcServer:
    """Return what other roles may ask a follower, and whatever else its role answers."""
    catch_up = Method(follower.catch_up, CatchUp, CaughtUp)
    return RpcServer({"changes.catch_up": catch_up, **others})
