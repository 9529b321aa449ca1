"""The upkeep of the warehouse: what goes wrong in it is told, and takes nothing else with it."""

import asyncio
from types import SimpleNamespace

import pytest

from queqiao.kernel.clock import FixedClock
from queqiao.kernel.errors import Broken
from queqiao.wiring.processes.analytics import maintain


@pytest.mark.parametrize("fault", [Broken(), OSError(28, "full"), ZeroDivisionError()])
async def test_a_fault_ends_neither_the_role_nor_the_next_try(fault: Exception) -> None:
    tries = []

    async def advance(now_us: int) -> bool:
        tries.append(now_us)
        raise fault

    calm, works = SimpleNamespace(active=False), [SimpleNamespace(advance=advance)]
    for _ in range(2):
        await maintain(calm, works, calm, asyncio.Event(), FixedClock(7))
    assert tries == [7, 7]
