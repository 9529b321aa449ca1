"""All followed logs together: one loop, one checkpoint."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import msgspec
import structlog

from queqiao.collect.logs.calls import LineSink
from queqiao.collect.logs.follower import Bounds, Follower
from queqiao.collect.logs.registry import Registry
from queqiao.collect.logs.settings import LogSettings
from queqiao.collect.logs.tracked import Checkpoint, load, save
from queqiao.kernel.clock import Clock
from queqiao.kernel.errors import QueqiaoError

log = structlog.get_logger()

FILES_EVERY_S = 1.0
"""How often folders are looked through for new and renamed files."""
KEPT_EVERY_S = 1.0
"""How often the checkpoint is written; what a kill repeats, the log's dedup drops."""
WAIT_S_MAX = 5.0
TOLD_AFTER_S = 1.0


class Tail:
    """Follows every log of the settings until it is stopped. ``file`` holds the checkpoint.

    ``file_clock`` is the one that stamps the files, where that is not ``clock``.
    """

    def __init__(
        self,
        settings: LogSettings,
        file: Path,
        sink: LineSink,
        clock: Clock,
        bounds: Bounds | None = None,
        *,
        file_clock: Clock | None = None,
    ) -> None:
        self._look_every_s = settings.look_every_s
        self._file = file
        self._checkpoint = _loaded(file)
        self._kept = b""
        limits = bounds or Bounds(line_bytes_max=settings.line_bytes_max)
        self._followers = [
            Follower(
                files,
                Registry(files, self._checkpoint),
                sink,
                clock,
                self.keep,
                bounds=limits,
                file_clock=file_clock,
            )
            for files in settings.files
        ]

    @property
    def followers(self) -> Sequence[Follower]:
        """Return the followers, one for each entry of the settings."""
        return self._followers

    async def run(self, stop: asyncio.Event) -> None:
        """Follow until ``stop`` is set, then write the checkpoint."""
        loop = asyncio.get_running_loop()
        looked = kept = -FILES_EVERY_S
        wait_s = 0.0
        while not stop.is_set():
            now = loop.time()
            if now - looked >= FILES_EVERY_S:
                looked = now
                self.look()
            moved, wait_s = await self._attempt(wait_s)
            if now - kept >= KEPT_EVERY_S:
                kept = now
                await self._keep_if_possible()
            if not moved:
                await _wait(stop, wait_s or self._look_every_s)
        await self._keep_if_possible()
        self.close()

    def look(self) -> None:
        """Look for new and renamed files."""
        for follower in self._followers:
            follower.look()

    async def step(self) -> bool:
        """Deliver a piece of every file; say whether there was any."""
        return any([await follower.step() for follower in self._followers])

    async def _attempt(self, waited_s: float) -> tuple[bool, float]:
        """Make a step; return whether it moved, and how long to wait after a failure, else 0."""
        try:
            return await self.step(), 0.0
        except (QueqiaoError, OSError) as error:
            wait_s = min(WAIT_S_MAX, 2 * waited_s or self._look_every_s)
            if waited_s < TOLD_AFTER_S <= wait_s:  # once in a row of failures
                log.warning("the logs wait", reason=str(error))
            return False, wait_s

    async def keep(self) -> None:
        """Put the checkpoint on disk if it has changed. Raises OSError."""
        fresh = msgspec.json.encode(self._checkpoint)
        if fresh != self._kept:
            await asyncio.to_thread(save, self._file, fresh)
            self._kept = fresh

    async def _keep_if_possible(self) -> None:
        try:
            await self.keep()
        except OSError as error:
            log.warning("the checkpoint of the logs could not be written", reason=str(error))

    def close(self) -> None:
        """Give the files up."""
        for follower in self._followers:
            follower.close()


def _loaded(file: Path) -> Checkpoint:
    try:
        return load(file)
    except msgspec.DecodeError as error:
        # Files are read from their start again; the log's dedup knows their lines by name.
        log.warning("the checkpoint of the logs cannot be read", reason=str(error))
        return Checkpoint()


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
