"""The counters of frequency caps in a home: opened by who decides, kept by the scheduler."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import structlog
from sqlalchemy import Connection

from queqiao.decide.ads.caps import snapshot
from queqiao.decide.ads.caps.frequency import Frequency
from queqiao.decide.ads.caps.people import People
from queqiao.decide.ads.caps.plan import gone
from queqiao.decide.ads.caps.store import Store, people_in_memory
from queqiao.decide.ads.caps.sweeping import sweep
from queqiao.decide.ads.caps.unseen import Unseen
from queqiao.decide.ads.contracts import CAMPAIGN, CAMPAIGNS_MAX, Campaign
from queqiao.kernel.clock import MINUTE_US, Clock
from queqiao.ports.event_log.base import EventLogReader
from queqiao.ports.records.base import Records
from queqiao.ports.records.documents import Stored, find
from queqiao.wiring import adapters, secret_keys
from queqiao.wiring.freshness import Work
from queqiao.wiring.settings import Settings

log = structlog.get_logger()

EVERY_S = 1.0
SNAPSHOT_EVERY_US = 5 * MINUTE_US
SWEEP_EVERY_US = 10 * MINUTE_US

BOOT = Path("/proc/sys/kernel/random/boot_id")
"""Names this start of the machine. Elsewhere than on Linux a table is believed after a restart."""


def store(settings: Settings) -> Store:
    """Return the home's store of counters."""
    boot = BOOT.read_text("ascii").strip() if BOOT.exists() else ""
    return Store(settings.home, boot, settings.ads.counters_mb_max << 20)


def opened(settings: Settings) -> Frequency:
    """Return the counters for a process that decides; the first one to come makes the table.

    Where the disk has no room for it, the process counts for itself until it ends.
    """
    secret, zone = secret_keys.key(settings.home, "caps"), settings.shop.timezone
    try:
        people = store(settings).open(adapters.event_log_reader(settings), zone)
    except OSError as error:
        log.error("frequency caps are counted in this process only", reason=str(error))  # noqa: TRY400  # no trace: the disk is full
        people = people_in_memory(zone)
    return Frequency(people, secret)


class Keeper:
    """Keeps the table: grows it, takes back what nobody saw, sweeps it, writes snapshots.

    Where calls may say what time it is, time does not go one way: nothing is taken back or swept.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._store = store(settings)
        self._clock = clock
        self._reader: EventLogReader = adapters.event_log_reader(settings)
        self._people: People = self._store.open(self._reader, settings.shop.timezone)
        self._goes_one_way = not settings.clock.accept_header
        after_us = settings.ads.unseen_after_minutes * MINUTE_US
        self._unseen: Unseen | None = None
        if after_us and self._goes_one_way:
            behind = adapters.event_log_reader(settings)
            front = adapters.event_log_reader(settings)
            path = self._store.unseen_path
            self._unseen = Unseen(self._people, front, behind, path, after_us)
        self._written_at = self._reader.end()
        self._snapshot_us = self._sweep_us = clock.now_us()

    def sweeps(self) -> bool:
        """Say whether the next ``keep`` sweeps."""
        since_us = abs(self._clock.now_us() - self._sweep_us)
        return self._goes_one_way and since_us >= SWEEP_EVERY_US

    def keep(self, archived: Sequence[tuple[str, Campaign]] | None) -> None:
        """Do what is due; with the ``archived`` campaigns given, sweep.

        Raises OSError and Unavailable: it is done at the next time.
        """
        now_us = self._clock.now_us()
        while self._store.grow():
            continue
        if self._unseen is not None:
            self._unseen.take_back(now_us)
        if archived is not None:
            self._sweep_us = now_us
            sweep(self._people, now_us, gone(archived))
        if abs(now_us - self._snapshot_us) >= SNAPSHOT_EVERY_US:
            self._snapshot_us = now_us
            self.write()

    def write(self) -> None:
        """Write a snapshot, unless the log has not grown. Raises OSError."""
        offset = self._reader.end()
        if offset != self._written_at:
            taken_back = 0 if self._unseen is None else self._unseen.offset
            path, table = self._store.snapshot_path, self._store.current()
            snapshot.write(path, table, offset, taken_back)
            self._written_at = offset


def _archived(conn: Connection) -> list[Stored]:
    return find(conn, CAMPAIGN, state="archived", limit=CAMPAIGNS_MAX)


def upkeep(settings: Settings, clock: Clock, records: Records) -> Work:
    """Return the scheduler's work on the counters."""
    keeper: Keeper | None = None

    def work(archived: Sequence[tuple[str, Campaign]] | None) -> None:
        nonlocal keeper
        try:
            keeper = keeper or Keeper(settings, clock)
            keeper.keep(archived)
        except OSError as error:
            log.warning("frequency counters are kept later", reason=str(error))

    async def turn() -> None:
        archived = None
        if keeper is not None and keeper.sweeps():
            found = await records.read(_archived)
            archived = [(one.id, one.document) for one in found]
        await asyncio.to_thread(work, archived)

    return turn
