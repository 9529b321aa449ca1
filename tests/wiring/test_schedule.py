"""What is counted by the clock: whose turn it is, and that a lake that hangs holds nobody up."""

import asyncio
from typing import Any, cast

from queqiao.wiring.schedule import Schedule


def moment() -> int:
    return 7


async def test_a_lake_that_hangs_does_not_keep_others_from_their_turn() -> None:
    counted: list[int] = []
    hangs = asyncio.Event()

    async def lake(_now_us: int) -> None:
        await hangs.wait()

    async def count(now_us: int) -> None:
        counted.append(now_us)

    none = cast("Any", None)  # none of the three is asked here
    schedule = Schedule(none, none, none, lake)
    writing = asyncio.ensure_future(schedule.lake_by_clock(moment)())
    again = asyncio.ensure_future(schedule.lake_by_clock(moment)())
    await asyncio.sleep(0)
    await asyncio.wait_for(schedule.by_clock(count, moment)(), 5)
    assert counted == [7]
    assert not writing.done()
    assert not again.done(), "one writing at a time"
    hangs.set()
    await asyncio.gather(writing, again)
