"""The records on a PostgreSQL that hangs or has no room: told in time, and nothing is lost."""

import asyncio
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from tests.ports.postgresql import Cluster
from tests.ports.records.conftest import NOW_US
from tests.small_disk import small_disk

from queqiao.kernel.errors import StorageFull, Unavailable
from queqiao.ports.records import artifacts, changes
from queqiao.ports.records.engine import THREADS_MAX
from queqiao.ports.records.postgresql import PostgresqlRecords

pytestmark = pytest.mark.postgresql

DISK_MB = 160
BALLAST_MB = 80


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A server whose disk is small."""
    around = Path(tempfile.mkdtemp(prefix="queqiao-pg-"))
    around.chmod(0o755)  # PostgreSQL runs as another user
    with small_disk(around / "disk", DISK_MB, mode="755") as disk:
        (disk / "ballast").write_bytes(bytes(BALLAST_MB * 2**20))
        made = Cluster("max_wal_size=32MB", "min_wal_size=32MB", inside=disk)
        yield made
        made.stop()
    shutil.rmtree(around)


@pytest.fixture
def records(cluster: Cluster) -> Iterator[PostgresqlRecords]:
    opened = PostgresqlRecords(cluster.new_database("shop"))
    opened.upgrade()
    yield opened
    opened.close()


async def test_a_server_that_hangs_is_told_in_time_and_goes_on_when_it_does(
    cluster: Cluster, records: PostgresqlRecords, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "answer_within_s", 0.5)
    cluster.signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        calls = [records.read(changes.latest) for _ in range(3)]
        calls += [records.write(lambda conn: changes.note(conn, "a", "b")) for _ in range(12)]
        told = await asyncio.gather(*calls, return_exceptions=True)
        assert time.monotonic() - began < 2
    finally:
        cluster.signal(signal.SIGCONT)
    assert {type(one) for one in told} == {Unavailable}
    monkeypatch.undo()
    await records.write(lambda conn: changes.note(conn, "a", "c"))
    known = [change.id for change in records.changes_since(0)]
    assert "c" in known
    assert known.count("b") <= THREADS_MAX, "what had no thread yet was given up"


async def test_a_full_disk_says_so_and_loses_nothing_that_was_acknowledged(
    cluster: Cluster, records: PostgresqlRecords
) -> None:
    acknowledged: list[str] = []
    chance = Random(5)  # what has a pattern is compressed

    async def write(name: str) -> None:
        body = chance.randbytes(1_500_000)
        await records.write(lambda conn: artifacts.put(conn, name, body, NOW_US))
        acknowledged.append(name)

    async def write_until_full() -> None:
        for number in range(DISK_MB):
            await write(f"{number:03d}")

    with pytest.raises(StorageFull):
        await write_until_full()
    assert len(acknowledged) > 5
    assert [change.id for change in records.changes_since(0)] == acknowledged, "reading goes on"
    (cluster.folder.parent / "ballast").unlink()
    await write("room")
    assert [change.id for change in records.changes_since(0)] == acknowledged
