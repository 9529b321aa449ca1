"""The analytics role: loads the warehouse, and owns it when it runs in process."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import structlog

from queqiao.kernel.clock import Clock
from queqiao.kernel.errors import QueqiaoError
from queqiao.measure import series_table
from queqiao.ports.rpc import RpcServer
from queqiao.ports.warehouse.clickhouse import ClickHouseWarehouse
from queqiao.ports.warehouse.remote import methods
from queqiao.process import backfill as backfills
from queqiao.process import erasure_endpoints, late_rows, tiering
from queqiao.process.backfill import Backfill
from queqiao.process.erasure import Elsewhere, Eraser
from queqiao.process.erasure_book import ErasureBook
from queqiao.process.erasure_log import LogEraser
from queqiao.process.facts import FactReader
from queqiao.process.late_rows import LateRowsBook
from queqiao.process.loader import Loader
from queqiao.process.tier import Tier
from queqiao.process.tiering import Tiering
from queqiao.profile.contracts import LiveRows
from queqiao.wiring import adapters, erasure_elsewhere, live, memory
from queqiao.wiring.role import every
from queqiao.wiring.settings import Settings

log = structlog.get_logger()

UPKEEP_EVERY_S = 2.0
"""How often it is looked whether there is something to erase, to move or to process again."""

GIVE_BACK_EVERY_S = 15.0
"""How often memory that is free again goes back to the system: 4 ms, and a tenth more for the next
long question, which takes it anew."""


class Upkeep(Protocol):
    """Work on the warehouse that is done beside loading, a step at a time."""

    async def advance(self, now_us: int) -> bool:
        """Do one step; return whether there was any to do."""
        ...


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Load the warehouse and answer questions about it until ``stop`` is set."""
    clock = adapters.clock(settings)
    warehouse = await asyncio.to_thread(adapters.owned_warehouse, settings)

    book = erasure_elsewhere.book_of(settings)
    made_by, make = settings.rows_made_by(), loaders(settings, warehouse, book)
    state = settings.home / "process.sqlite"
    loader = make("", state)
    backfill = Backfill(warehouse, loader, make, state)
    await backfill.recover(clock.now_us())
    await loader.open()
    await begin(backfill, loader, made_by, clock.now_us())
    tier = Tier(warehouse, adapters.lake(settings))
    moving = Tiering(warehouse, tier, settings.warehouse.raw_days)
    await moving.open()
    records = adapters.records(settings)
    rows = live.writer(settings, warehouse, loader, backfill, clock, records=records)
    elsewhere = erasure_elsewhere.elsewhere(settings, records, clock, rows)
    eraser = eraser_of(settings, warehouse, loader, book, elsewhere)
    await eraser.recover(clock.now_us())
    upkeep = (eraser, moving)
    points = series_table.PointsWriter(warehouse, clock)
    await points.open()
    server = RpcServer(
        {
            **methods(warehouse),
            **erasure_endpoints.methods(book),
            **series_table.methods(points),
            **tiering.methods(moving),
            **backfills.methods(backfill, made_by, clock),
            **late_rows.methods(
                LateRowsBook(warehouse, adapters.event_log(settings), settings.shop.currency)
            ),
        }
    )
    await server.serve(settings.socket("analytics.rpc"))
    await asyncio.gather(
        loader.run(stop),
        rows.run(stop),
        every(UPKEEP_EVERY_S, stop, lambda: maintain(backfill, upkeep, loader, stop, clock)),
        every(GIVE_BACK_EVERY_S, stop, lambda: give_back(warehouse, loader)),
    )
    await backfill.close()
    await server.close()
    book.close()
    records.close()
    await close_all(rows, loader, warehouse)


async def close_all(rows: LiveRows, loader: Loader, warehouse: ClickHouseWarehouse) -> None:
    """Close what writes, then what it writes to."""
    await rows.close()
    await loader.close()
    await asyncio.to_thread(warehouse.close)


def loaders(
    settings: Settings, warehouse: ClickHouseWarehouse, book: ErasureBook
) -> Callable[[str, Path], Loader]:
    """Return what makes the loader of a set of tables, from its prefix and its state's path."""

    def make(prefix: str, state: Path) -> Loader:
        return Loader(
            adapters.event_log_reader(settings),
            warehouse,
            state,
            settings.shop.currency,
            zone=settings.shop.timezone,
            enricher=adapters.enricher(settings),
            prefix=prefix,
            sessions=settings.sessions.rules(),
            veil=book.veil(),
            made_by=settings.rows_made_by(),
        )

    return make


def eraser_of(
    settings: Settings,
    warehouse: ClickHouseWarehouse,
    loader: Loader,
    book: ErasureBook,
    elsewhere: Elsewhere,
) -> Eraser:
    """Return who carries erasures out, in all places."""
    reader, log_ = adapters.event_log_reader(settings), adapters.event_log(settings)
    return Eraser(
        warehouse,
        adapters.lake(settings),
        loader,
        book,
        event_log=LogEraser(warehouse, reader, log_),
        facts=FactReader(adapters.enricher(settings), settings.shop.currency),
        elsewhere=elsewhere,
    )


async def give_back(warehouse: ClickHouseWarehouse, loader: Loader) -> None:
    """Give back what finished work left free; while the loader has more to load it stays."""
    if not loader.behind:
        try:
            await warehouse.give_back()
        except QueqiaoError as error:
            log.warning("the engine gave no memory back", error=str(error))
        await asyncio.to_thread(memory.give_back)


async def begin(backfill: Backfill, loader: Loader, made_by: str, now_us: int) -> None:
    """Begin to process history again where its rows are made by an earlier version or settings.

    What was begun for settings that have changed once more is given up.
    """
    if backfill.is_of_other(made_by):
        await backfill.abandon()
    if loader.outdated_by:
        backfill.start(made_by, loader.outdated_by, now_us)


async def maintain(
    backfill: Backfill,
    upkeep: Sequence[Upkeep],
    loader: Loader,
    stop: asyncio.Event,
    clock: Clock,
) -> None:
    """Go on with what is under way, history first; what fails is tried again later.

    All else waits for a backfill: it is about the live tables only.
    """
    try:
        while backfill.active:
            if stop.is_set() or (loader.behind and not backfill.swapping):
                return
            await backfill.advance(clock.now_us())
        for work in upkeep:
            await work.advance(clock.now_us())
    except (QueqiaoError, OSError) as error:
        log.warning("upkeep of the warehouse failed, trying again", error=str(error))
    except Exception:  # a defect in upkeep must not take the loader and the reports with it
        log.exception("upkeep of the warehouse has a defect, trying again")
