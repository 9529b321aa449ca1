"""A loader with a backfill under way, in a process to be killed. Arguments: folder, log, consent.

It prints ``ready``, then, when all is loaded and no backfill is left, what the tables hold.
"""

import asyncio
import sys
from pathlib import Path

from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.ports.warehouse.clickhouse import open_warehouse
from queqiao.process import loader as module
from queqiao.process.backfill import TABLES, Backfill
from queqiao.process.ddl import FACTS
from queqiao.process.enrichment.enricher import Enricher

DIGEST = "SELECT count(), groupBitXor(cityHash64(*)) FROM {}"


async def main(folder: Path, log: Path, consent: int, stamp: str) -> None:
    module.EVENTS_IN_BATCH_MAX = 150
    warehouse = open_warehouse(f"chdb://{folder}/warehouse")

    def make(prefix: str, state: Path) -> module.Loader:
        reader, enricher = EmbeddedEventLogReader(log), Enricher(default_consent=consent)
        levels = (8, 9)
        return module.Loader(
            reader, warehouse, state, enricher=enricher, prefix=prefix, levels=levels
        )

    state = folder / "process.sqlite"
    live = make("", state)
    backfill = Backfill(warehouse, live, make, state)
    await backfill.recover(2)
    await live.open()
    if stamp:
        backfill.start(stamp, "settings", 1)
    print("ready", flush=True)
    while await live.step() or await backfill.advance(3):
        pass
    await live.settle()
    found = {table.name: (await warehouse.query(DIGEST.format(table.name))).rows for table in FACTS}
    found["rollup"] = (await warehouse.query("SELECT sum(views), count() FROM rollup_hour")).rows
    left = "SELECT count() FROM system.tables WHERE name LIKE 'shadow_%'"
    assert (await warehouse.query(left)).rows == [[0]]
    assert len(TABLES) == 20
    print(found, flush=True)
    await live.close()
    warehouse.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]))
