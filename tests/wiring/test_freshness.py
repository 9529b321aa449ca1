"""Scheduled work: done for what is new, once a minute for time itself, at rest after long work."""

from typing import Any

import pytest

from queqiao.kernel.clock import MINUTE_US, SECOND_US
from queqiao.kernel.errors import Unavailable
from queqiao.ports.warehouse.base import Table
from queqiao.wiring.freshness import REST_FACTOR, Freshness


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.us = 1_800_000_000 * SECOND_US

    def now_us(self) -> int:
        return self.us


class Watermark:
    """A warehouse that is loaded up to ``offset``."""

    def __init__(self) -> None:
        self.offset = 0

    async def query(self, _sql: str, *_: Any) -> Table:
        return Table(["offset", "timestamp", "received_at"], [[self.offset, 0, 0]])


class Work:
    """Takes ``takes_us`` by the clock; fails while ``fails``."""

    def __init__(self, clock: Hand, takes_us: int = 0) -> None:
        self.clock, self.takes_us, self.times, self.fails = clock, takes_us, 0, False

    async def __call__(self) -> None:
        self.times += 1
        self.clock.us += self.takes_us
        if self.fails:
            raise Unavailable


def made(takes_us: int = 0) -> tuple[Hand, Watermark, Work, Any]:
    clock, warehouse = Hand(), Watermark()
    work = Work(clock, takes_us)
    fresh = Freshness(warehouse, clock)  # type: ignore[arg-type]  # all that it asks of one
    return clock, warehouse, work, fresh.only("work", work)


async def test_work_is_done_for_new_events_and_once_a_minute() -> None:
    clock, warehouse, work, turn = made()
    await turn()
    await turn()
    assert work.times == 1
    warehouse.offset += 1
    await turn()
    assert work.times == 2
    clock.us += MINUTE_US
    await turn()
    assert work.times == 3


async def test_long_work_rests_though_events_come() -> None:
    clock, warehouse, work, turn = made(takes_us=3 * SECOND_US)
    await turn()
    for passed_s in range(3 * REST_FACTOR):
        warehouse.offset += 1
        await turn()
        assert work.times == 1, passed_s
        clock.us += SECOND_US
    await turn()
    assert work.times == 2


async def test_work_that_failed_is_tried_again_after_its_rest() -> None:
    clock, _, work, turn = made(takes_us=SECOND_US)
    work.fails = True
    with pytest.raises(Unavailable):
        await turn()
    await turn()
    assert work.times == 1
    work.fails = False
    clock.us += REST_FACTOR * SECOND_US
    await turn()
    assert work.times == 2
    clock.us += REST_FACTOR * SECOND_US
    await turn()
    assert work.times == 2, "nothing is new"


async def test_what_somebody_changed_waits_for_no_rest() -> None:
    clock, warehouse, work = Hand(), Watermark(), Work(Hand())
    work.clock, work.takes_us = clock, SECOND_US
    live = ["one"]

    async def about() -> object:
        return tuple(live)

    turn = Freshness(warehouse, clock).only("work", work, about)  # type: ignore[arg-type]  # as above
    await turn()
    live.append("two")
    await turn()
    assert work.times == 2
    await turn()
    assert work.times == 2
