"""The life of a role's process: an event loop, a stop on SIGTERM or when the supervisor is gone."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import uvloop

from queqiao.kernel.errors import QueqiaoError
from queqiao.wiring import memory

LOOK_EVERY_S = 0.25
"""How often the writers are asked whether their disk has failed."""

RoleWork = Callable[[asyncio.Event], Awaitable[None]]
"""What a role does until the event is set."""


def run(work: RoleWork, life_line: int) -> None:
    """Run a role until SIGTERM comes or the other end of ``life_line`` is closed."""
    memory.keep_out()
    memory.use_system_pool()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_live(work, life_line))


async def _live(work: RoleWork, life_line: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    os.set_blocking(life_line, False)
    # Nobody ever writes to the line: it becomes readable when the supervisor has ended.
    loop.add_reader(life_line, stop.set)
    try:
        await work(stop)
    finally:
        loop.remove_reader(life_line)


async def every(seconds: float, stop: asyncio.Event, work: Callable[[], Awaitable[object]]) -> None:
    """Do some work again and again, ``seconds`` apart, until ``stop`` is set."""
    while not stop.is_set():
        await work()
        try:
            await asyncio.wait_for(stop.wait(), seconds)
        except TimeoutError:
            continue


class Breakable(Protocol):
    """A writer that an I/O error ends for good."""

    @property
    def broken(self) -> QueqiaoError | None:
        """The fault, or None."""
        ...


async def stop_when_broken(
    writers: Sequence[Breakable], stop: asyncio.Event
) -> QueqiaoError | None:
    """Set ``stop`` when a writer is broken, and return its fault; None when stopped otherwise.

    Only a new process learns what the disk holds: the supervisor starts one.
    """
    while not stop.is_set():
        fault = next((writer.broken for writer in writers if writer.broken is not None), None)
        if fault is not None:
            stop.set()
            return fault
        try:
            await asyncio.wait_for(stop.wait(), LOOK_EVERY_S)
        except TimeoutError:
            continue
    return None
