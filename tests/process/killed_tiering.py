"""Loading and tiering in a process of their own, to be killed. Arguments: folder, log.

It prints ``ready``, then, when all is loaded and all old blocks lie in the lake, what there is.
"""

import asyncio
import sys
from pathlib import Path

from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.ports.lake.parquet_folder import ParquetFolder
from queqiao.ports.warehouse.clickhouse import open_warehouse
from queqiao.process import loader as module
from queqiao.process.tier import LAKE_TABLE, Tier
from queqiao.process.tiering import Tiering

LATER_US = 4_000_000_000_000_000
LEVELS = (7, 8)
FOUND = {
    "history": "SELECT count(), uniqExact(offset), sum(cityHash64(* EXCEPT block_last))"
    " FROM history",
    "table": "SELECT count(), min(offset) FROM events",
    "book": "SELECT min(first), max(last), sum(rows), count(), sum(digest) FROM tier",
    "rollups": "SELECT sum(views), count() FROM rollup_hour",
}
RUNNING = "SELECT count() FROM system.mutations WHERE NOT is_done"


async def main(folder: Path, log: Path) -> None:
    module.EVENTS_IN_BATCH_MAX = 150
    warehouse, lake = open_warehouse(f"chdb://{folder}/warehouse"), ParquetFolder(folder / "lake")
    reader, state = EmbeddedEventLogReader(log), folder / "process.sqlite"
    loader = module.Loader(reader, warehouse, state, levels=LEVELS)
    tier = Tier(warehouse, lake)
    tiering = Tiering(warehouse, tier, 400)
    await loader.open()
    await tiering.open()
    print("ready", flush=True)
    while await loader.step():
        await tiering.advance(LATER_US)
    await loader.settle()
    tiering = Tiering(warehouse, tier, 400)  # which looks at once
    while await tiering.advance(LATER_US):
        pass
    while (await warehouse.query(RUNNING)).rows != [[0]]:
        pass
    named = [one.partition for one in await tier.files()]
    assert lake.partitions(LAKE_TABLE) == named
    print({name: (await warehouse.query(sql)).rows for name, sql in FOUND.items()}, flush=True)
    await loader.close()
    warehouse.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
