"""How the system's processes are: who lives, since when, how much memory, how far behind."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from queqiao.kernel.clock import format_rfc3339
from queqiao.wiring import addresses
from queqiao.wiring.settings import Settings
from queqiao.wiring.supervisor import statuses


class RoleView(msgspec.Struct, frozen=True):
    """One process. ``memory_bytes`` is its proportional set size, None where it cannot be read."""

    name: str
    pid: int
    state: str
    started_at: str
    restarts: int
    memory_bytes: int | None


class SystemView(msgspec.Struct, frozen=True):
    """The whole system: its processes, and how many events wait for the warehouse.

    ``ip_database`` is the operator's database of addresses, without which events have no region.
    """

    roles: list[RoleView]
    memory_bytes: int
    log_end: int
    loaded: int
    lag_events: int
    version: str
    ip_database: addresses.State


def memory_bytes(pid: int) -> int | None:
    """Return the proportional set size of a process: shared pages are counted by share."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), None)


def roles(home: Path) -> list[RoleView]:
    """Return the processes that the supervisor keeps."""
    views = []
    for status in statuses(home):
        memory = memory_bytes(status.pid) if status.pid else None
        views.append(
            RoleView(
                status.name,
                status.pid,
                "running" if memory is not None else "starting",
                format_rfc3339(status.started_at_us),
                status.restarts,
                memory,
            )
        )
    return views


async def system(
    settings: Settings,
    version: str,
    log_end: Callable[[], int],
    loaded: Callable[[], Awaitable[int]],
) -> SystemView:
    """Return the state of the whole system."""
    processes = roles(settings.home)
    end, done = log_end(), await loaded()
    database = await asyncio.to_thread(addresses.state, settings)
    memory = sum(role.memory_bytes or 0 for role in processes)
    return SystemView(processes, memory, end, done, max(0, end - done), version, database)
