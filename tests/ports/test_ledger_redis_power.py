"""AOF always: no answer leaves the server before what it answers is synced, by the kernel's record.

A kill proves nothing about power: the kernel keeps what a killed process wrote. So strace watches
a real server, and of each answer the record must show that the append-only file had been synced
after its last write. The same check fails for ``everysec``, which is what the contract says of it.
"""

import asyncio
import re
from pathlib import Path
from shutil import which

import pytest
from tests.ports.redis_servers import Server

from queqiao.ports.ledger.base import Take
from queqiao.ports.ledger.redis import RedisLedger

pytestmark = [
    pytest.mark.engines,
    pytest.mark.engines_ci,
    pytest.mark.skipif(which("strace") is None, reason="strace is not installed"),
]

STEPS, AT_ONCE = 200, 8
CALL = re.compile(r"(?P<name>write|writev|sendto|fdatasync|fsync)\(\d+<(?P<what>[^>]*)>")


class Watched(Server):
    """A server whose writes and syncs the kernel records."""

    def __init__(self, name: str, folder: Path, appendfsync: str) -> None:
        super().__init__(name, folder, appendfsync=appendfsync)
        self.record = folder / "record"
        watched = "trace=write,writev,sendto,fdatasync,fsync"
        self.command = ["strace", "-f", "-yy", "-qq", "-e", watched, "-o", str(self.record),
                        *self.command]  # fmt: skip

    def end(self) -> None:
        """Stop the server, and with it strace."""
        self.client().shutdown(nosave=True)
        self.process.wait(20)


def answers(record: Path) -> tuple[int, int]:
    """Return how many answers were sent while the file was synced, and how many while not."""
    is_synced, good, bad = True, 0, 0
    for line in record.read_text(errors="replace").splitlines():
        call = CALL.search(line)
        if call is None:
            continue
        if call["what"].endswith(".aof"):
            is_synced = call["name"] in ("fdatasync", "fsync")
        elif call["what"].startswith("TCP"):
            good, bad = (good + 1, bad) if is_synced else (good, bad + 1)
    return good, bad


async def step_many(url: str) -> None:
    ledger = RedisLedger(url)

    async def caller(number: int) -> None:
        for turn in range(STEPS // AT_ONCE):
            await ledger.spend(f"{number}:{turn}", [Take("a", 1, 10**6)], 1)
            await ledger.balances(["a"])

    await asyncio.gather(*(caller(number) for number in range(AT_ONCE)))
    await ledger.close()


@pytest.mark.parametrize("name", ["redis", "valkey"])
async def test_always_answers_after_the_sync(tmp_path: Path, name: str) -> None:
    server = Watched(name, tmp_path, "always").start()
    await step_many(server.url)
    server.end()
    good, bad = answers(server.record)
    assert good > STEPS / AT_ONCE
    assert bad == 0


async def test_everysec_does_not_and_the_check_sees_it(tmp_path: Path) -> None:
    server = Watched("redis", tmp_path, "everysec").start()
    await step_many(server.url)
    server.end()
    assert answers(server.record)[1] > 0
