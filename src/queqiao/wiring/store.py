"""The living store as a process of the demo: its keys, its history once, then its life."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import msgspec
import structlog

from queqiao.demo import complete_journey
from queqiao.demo.client import StoreClient
from queqiao.demo.generator import LivingStore, birth
from queqiao.demo.generator import Plan as Life
from queqiao.kernel.clock import FixedClock, SystemClock
from queqiao.wiring import local_system, role
from queqiao.wiring.local_system import Address
from queqiao.wiring.secret_keys import keep
from queqiao.wiring.settings import Settings
from queqiao.wiring.supervisor import RoleMain

log = structlog.get_logger()

LOOK_EVERY_S = 0.1


class Plan(msgspec.Struct, frozen=True):
    """What the store is made from: a seed and days of history, or a real retailer's data.

    ``until_us`` is when the history ends, now when it is not given.
    """

    seed: int = 618
    days: int = 30
    data: Path | None = None
    until_us: int | None = None

    @property
    def name(self) -> str:
        """Return what the history is known by: a history lived to its end is not lived again."""
        if self.data is not None:
            return self.data.name
        ends = "" if self.until_us is None else f"-until-{self.until_us}"
        return f"seed-{self.seed}-days-{self.days}{ends}"

    def birth_us(self) -> int:
        """Return when the history begins."""
        clock = SystemClock() if self.until_us is None else FixedClock(self.until_us)
        return birth(clock, self.days)


class Keys(msgspec.Struct, frozen=True):
    """The keys with which the store uses the system."""

    admin: str
    intake: str


def role_main(settings: Settings, plan: Plan) -> RoleMain:
    """Return the store's process for the supervisor."""

    def main(life_line: int) -> None:
        role.run(lambda stop: live(settings, plan, stop), life_line)

    return main


async def live(settings: Settings, plan: Plan, stop: asyncio.Event) -> None:
    """Live until ``stop`` is set."""
    address = await _until_ready(settings, stop)
    if address is None:
        return
    keys = Keys(
        *(local_system.key(settings, scope, "store", "store") for scope in ("admin", "intake"))
    )
    mark = settings.home / "store" / f"{plan.name}.lived"
    life = _replay if plan.data is not None else _live_seeded
    await _unless(stop, life(address, keys, plan, mark, stop))


async def _replay(
    address: Address, keys: Keys, plan: Plan, mark: Path, stop: asyncio.Event
) -> None:
    """Replay a real retailer's data, once; then rest."""
    if plan.data is not None and not mark.exists():
        found = await complete_journey.replay(plan.data, address.base_url, keys.admin, keys.intake)
        log.info("the retailer's data was replayed", equal=found.equal, account=found.lines())
        if found.equal:
            _remember(mark)
    await stop.wait()


async def _live_seeded(
    address: Address, keys: Keys, plan: Plan, mark: Path, stop: asyncio.Event
) -> None:
    """Live through the history, once; then live on at the pace of the clock."""
    client = StoreClient(address.base_url, keys.admin, keys.intake)
    try:
        born_us = _born(mark.with_name(f"{plan.name}.born"), plan)
        store = LivingStore(client, Life(seed=plan.seed, days=plan.days, born_us=born_us))
        await store.set_up()
        if not mark.exists():
            counts = await store.live_history()
            log.info("the history was lived", days=plan.days, **counts)
            _remember(mark)
        await store.live_on(stop)
    finally:
        await client.close()


async def _until_ready(settings: Settings, stop: asyncio.Event) -> Address | None:
    """Return the system's address once every role answers; None when stopped before."""
    while not stop.is_set():
        found = await asyncio.to_thread(local_system.address, settings.home)
        if found is not None:
            return found
        await asyncio.sleep(LOOK_EVERY_S)
    return None


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Do the work, but leave it when ``stop`` is set. Raises what the work raises."""
    doing = asyncio.create_task(work)
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({doing, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if doing.done():
        doing.result()
        return
    doing.cancel()
    await asyncio.gather(doing, return_exceptions=True)


def _born(file: Path, plan: Plan) -> int:
    """Return when the history begins: as it was when the store was first begun."""
    return int(keep(file, lambda: str(plan.birth_us()).encode("ascii")))


def _remember(mark: Path) -> None:
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.touch()
