"""Old events in HDFS and S3: the engine writes and reads them there, and no number moves."""

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.ports.lakes import SERVERS, lake_url, new_lake  # noqa: F401  # fixtures
from tests.process.tiered import DAYS, LATER_US, TieredHouse

from deploy.engines.instance import Instance
from queqiao.kernel.errors import Unavailable
from queqiao.ports.lake.base import Lake
from queqiao.process.tier import LAKE_TABLE, Tier
from queqiao.process.tiering import Tiering

pytestmark = pytest.mark.engines

DIGEST = "SELECT count(), sum(cityHash64(* EXCEPT block_last)) FROM history"
BACK_WITHIN_S = 60.0
WATCHED = {"hdfs": "hdfs_namenode", "s3": "seaweedfs"}


@pytest.fixture(params=SERVERS)
async def house(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    new_lake: Callable[[str], Lake],  # noqa: F811
):
    house = TieredHouse(tmp_path)
    house.lake = new_lake(request.param)
    house.server = WATCHED[request.param]
    house.tier = Tier(house.warehouse, house.lake)
    house.tiering = Tiering(house.warehouse, house.tier, DAYS)
    yield house
    await house.close()


async def test_old_events_move_to_the_servers_and_no_number_moves(house: TieredHouse) -> None:
    await house.fill(random.Random(1), range(140))
    before = await house.ask(DIGEST)
    await house.move()
    state = await house.tiering.state()
    assert (state.refused, state.failed, state.up_to_offset) == (None, None, 128)
    assert await house.ask("SELECT count() FROM events") == [[12]]
    assert await house.ask(DIGEST) == before
    names = [file.partition for file in await house.tier.files()]
    assert house.lake.partitions(LAKE_TABLE) == names
    assert sum(house.lake.content(LAKE_TABLE, one).rows for one in names) == 128
    # Some column is asked for too: the engine aborts where it is to read none of a file.
    first = (await house.tier.files())[0]
    later = f"SELECT count(), max(offset) FROM history WHERE block_last > {first.last}"
    assert (await house.ask(later))[0][0] < 140


async def test_a_block_is_written_anew_under_the_view(house: TieredHouse) -> None:
    await house.fill(random.Random(1), range(140))
    await house.move()
    before = await house.ask(DIGEST)
    for file in await house.tier.files():
        changed = await house.tier.rewrite(file, "offset % 2 = 0", {"channel": "'gone'"})
        assert changed == file.rows // 2
    counted = "SELECT count(), countIf(channel = 'gone') FROM history WHERE offset <= 128"
    assert await house.ask(counted) == [[128, 64]]
    after = await house.ask(DIGEST)
    assert after[0][0] == before[0][0]
    assert after != before
    again = Tiering(house.warehouse, Tier(house.warehouse, house.lake), DAYS)
    await again.open()
    assert await house.ask(DIGEST) == after


async def _when_back(house: TieredHouse) -> list[list[int]]:
    """Ask again and again while the lake is away."""
    deadline = time.monotonic() + BACK_WITHIN_S
    while True:
        try:
            return await house.ask(DIGEST)
        except Unavailable:
            if time.monotonic() > deadline:
                raise


async def test_while_the_lake_is_away_only_old_events_wait(
    house: TieredHouse, engines: Instance
) -> None:
    await house.fill(random.Random(1), range(70))
    await house.move()
    before = await house.ask(DIGEST)
    os.kill(engines.server(house.server).pid, signal.SIGKILL)
    starting = Tiering(house.warehouse, house.tier, DAYS)
    await starting.open()
    with pytest.raises(Unavailable, match="the lake does not answer"):
        await house.ask(DIGEST)
    assert await house.ask("SELECT count() FROM events") == [[6]]
    assert await _when_back(house) == before
    await starting.advance(LATER_US + 60_000_000)
    assert (await starting.state()).failed is None
