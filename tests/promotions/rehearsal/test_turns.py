"""Rehearsals wait for one another, and not without end."""

import asyncio

import pytest

from queqiao.decide.promotions.rehearsal.endpoints import (
    WAITING_MAX,
    RehearsalServices,
    handlers,
)
from queqiao.decide.promotions.rehearsal.replays import Replays
from queqiao.kernel.clock import SystemClock
from queqiao.kernel.errors import NotFound, TooManyRequests
from queqiao.kernel.http import Request
from queqiao.kernel.ids import IdSource


async def test_who_would_wait_behind_too_many_is_told_to_come_again(tmp_path):
    go = asyncio.Event()

    async def rules(_drafts):
        await go.wait()
        raise TimeoutError

    async def nothing():
        return []

    replays = Replays(tmp_path / "replays", None)
    ids = IdSource(SystemClock(), lambda bits: bits)
    services = RehearsalServices(rules, nothing, nothing, replays, ids, "CNY", "Asia/Shanghai")
    found = {route.path.rsplit("/", 1)[1]: route.handler for route in handlers(services)}
    request = Request("POST", "/", {}, {}, {}, b"{}", "127.0.0.1", 1_780_000_000_000_000)
    waiting = [asyncio.create_task(found["findings"](request)) for _ in range(WAITING_MAX)]
    await asyncio.sleep(0)
    with pytest.raises(TooManyRequests):
        await found["findings"](request)
    go.set()
    ended = await asyncio.gather(*waiting, return_exceptions=True)
    assert {type(one) for one in ended} == {TimeoutError}


def test_a_replay_that_is_no_file_any_more_is_not_found(tmp_path):
    replays = Replays(tmp_path, None)
    (tmp_path / "cut.json").write_bytes(b"")
    with pytest.raises(NotFound):
        replays.get("cut")
