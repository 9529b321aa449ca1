"""The intake role ends when its disk has failed, so that a new process looks what is there."""

import asyncio
import errno
import os
from pathlib import Path

import pytest

from queqiao.collect.bad_rows import BadRowsLog
from queqiao.kernel.errors import Broken
from queqiao.ports.event_log.base import NewEvent
from queqiao.ports.event_log.embedded import EmbeddedEventLog
from queqiao.ports.journal import Disk
from queqiao.wiring.role import stop_when_broken


class FailingDisk(Disk):
    fails = False

    def sync(self, file: int) -> None:
        if self.fails:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        super().sync(file)


async def test_a_failed_disk_stops_the_role_with_the_fault(tmp_path: Path) -> None:
    disk, stop = FailingDisk(), asyncio.Event()
    log, rows = EmbeddedEventLog(tmp_path / "log", disk=disk), BadRowsLog(tmp_path / "bad_rows")
    watching = asyncio.create_task(stop_when_broken([rows, log], stop))
    event = NewEvent("web", "1", b"{}", bytes(8))
    await log.append([NewEvent("web", "0", b"{}", bytes(8))])
    disk.fails = True
    with pytest.raises(Broken):
        await log.append([event])
    await asyncio.wait_for(stop.wait(), 10)
    assert isinstance(await watching, Broken)
    log.close()
    rows.close()
    opened = EmbeddedEventLog(tmp_path / "log")
    (outcome,) = await opened.append([event])
    assert outcome.offset == 2
    opened.close()


async def test_a_role_that_is_told_to_stop_ends_without_a_fault(tmp_path: Path) -> None:
    rows, stop = BadRowsLog(tmp_path), asyncio.Event()
    watching = asyncio.create_task(stop_when_broken([rows], stop))
    stop.set()
    assert await watching is None
    rows.close()
