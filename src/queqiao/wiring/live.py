"""The live rows of a home: who writes them, who reads them, how often a reader's cache helps."""

from collections.abc import Sequence

import msgspec

from queqiao.collect.probes.contracts import Sample
from queqiao.kernel.clock import Clock
from queqiao.kernel.errors import QueqiaoError
from queqiao.operate.trust import trust
from queqiao.ports.profile_rows.cached import CachedRows, Counts
from queqiao.ports.records.base import Records
from queqiao.ports.rpc import Method, RpcClient
from queqiao.ports.warehouse.base import Warehouse
from queqiao.process.backfill import Backfill
from queqiao.process.loader import Loader
from queqiao.profile.contracts import LiveReader, LiveRows
from queqiao.wiring import adapters
from queqiao.wiring.roles import decide_names
from queqiao.wiring.settings import Settings

COUNTS = "live.counts"
CONSOLE_WITHIN_S = 2.0


class _Nothing(msgspec.Struct, frozen=True):
    """A call that says nothing but its name."""


class CachedReader:
    """Reads live rows through a cache, and counts how often it helped."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._rows = CachedRows(adapters.profile_rows(settings))
        self.reader = LiveReader(self._rows, clock, settings.shop.timezone)

    def methods(self) -> dict[str, Method]:
        """Return what other roles may ask."""

        async def counts(_: _Nothing) -> Counts:
            return self._rows.counts

        return {COUNTS: Method(counts, _Nothing, Counts)}

    async def close(self) -> None:
        """Let the store go."""
        await self._rows.close()


def console_reader(settings: Settings, clock: Clock) -> LiveReader:
    """Return the reader of the console: without a cache, and with more patience."""
    rows = adapters.profile_rows(settings)
    return LiveReader(rows, clock, settings.shop.timezone, CONSOLE_WITHIN_S)


def writer(
    settings: Settings,
    warehouse: Warehouse,
    loader: Loader,
    backfill: Backfill,
    clock: Clock,
    *,
    records: Records,
) -> LiveRows:
    """Return the one writer, for the role that loads the warehouse."""

    def made_by() -> str:
        last = backfill.state().last
        return f"{settings.rows_made_by()} {last.swapped_at if last else '-'}"

    return LiveRows(
        adapters.profile_rows(settings),
        warehouse,
        clock,
        loaded=lambda: loader.checkpoint.offset,
        behind=lambda: loader.behind,
        made_by=made_by,
        trust=lambda: records.read(trust),
        zone=settings.shop.timezone,
    )


class CacheProbe:
    """Asks each decide process how often its cache had a row that was asked for."""

    def __init__(self, settings: Settings) -> None:
        self._clients = {
            name: RpcClient(settings.socket(f"{name}.rpc")) for name in decide_names(settings)
        }

    async def samples(self) -> Sequence[Sample]:
        """Return the counts as metrics; a process that is away is left out."""
        found: list[Sample] = []
        for name, client in self._clients.items():
            try:
                counts: Counts = await client.call(COUNTS, _Nothing(), Counts)
            except QueqiaoError:
                continue
            for outcome, value in (("hit", counts.hits), ("miss", counts.misses)):
                labels = {"role": name, "outcome": outcome}
                found.append(Sample("queqiao_live_rows_reads_total", value, labels, "counter"))
        return found
