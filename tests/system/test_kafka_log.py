"""The whole system on a log in Kafka: kill -9 of the intake, the loader and a broker under load."""

import asyncio
import os
import signal
import time
from pathlib import Path
from random import Random
from secrets import token_hex
from typing import Any

import httpx
import pytest
from bench.harness import running_system
from tests.system.test_kill import (
    Load,
    check,
    kill,
    set_up_ads,
    set_up_coupons,
    until_back,
)

pytestmark = [pytest.mark.engines, pytest.mark.system]

SENDERS = 2
BACK_WITHIN_S = 60.0


async def kill_a_broker(engines: Any, name: str) -> float:
    """Return after how many seconds the broker was ready again."""
    dead = engines.server(name).pid
    os.kill(dead, signal.SIGKILL)
    began = time.monotonic()
    while (state := engines.server(name)).phase != "ready" or state.pid == dead:
        assert time.monotonic() < began + BACK_WITHIN_S
        await asyncio.sleep(0.1)
    return time.monotonic() - began


@pytest.mark.timeout(280)
async def test_nothing_acknowledged_is_lost_or_counted_twice(
    tmp_path: Path, kafka_bootstrap: str, engines: Any
) -> None:
    file = tmp_path / "queqiao.toml"
    file.write_text(f'[ports]\nevent_log = "kafka://{kafka_bootstrap}/system.{token_hex(4)}"\n')
    with running_system(["--config", str(file)]) as system:
        load = Load(system)
        headers = {"authorization": f"Bearer {system.admin_key}"}
        async with httpx.AsyncClient(base_url=system.base_url, headers=headers) as admin:
            await set_up_ads(admin)
            await set_up_coupons(admin)
            clients = [asyncio.create_task(load.send_events(n)) for n in range(SENDERS)]
            clients += [asyncio.create_task(load.redeem()), asyncio.create_task(load.click())]
            try:
                for victim in ("intake", "analytics", "intake"):
                    await asyncio.sleep(2)
                    assert await until_back(system, kill(system, victim)) < BACK_WITHIN_S
                assert await kill_a_broker(engines, "kafka_3") < BACK_WITHIN_S
                before = len(load.acknowledged)
                await asyncio.sleep(5)
                assert len(load.acknowledged) > before, "events flow again"
            finally:
                load.stopped.set()
                await asyncio.gather(*clients)
            await check(system, admin, load, Random(1))
            shown = (await admin.get("/api/v1/system")).json()
            assert shown["lag_events"] == 0
