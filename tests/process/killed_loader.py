"""A loader in a process of its own, to be killed. Arguments: folder, events per batch."""

import asyncio
import sys
from pathlib import Path

from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.ports.warehouse.clickhouse import open_warehouse
from queqiao.process import loader as module
from queqiao.process.ddl import FACTS, WATERMARK

DIGEST = "SELECT count(), groupBitXor(cityHash64(*)) FROM {}"
HOW_FAR = "SELECT max(offset), max(timestamp), max(received_at) FROM watermark"


async def main(folder: Path, events_in_batch: int) -> None:
    module.EVENTS_IN_BATCH_MAX = events_in_batch
    warehouse = open_warehouse(f"chdb://{folder}/warehouse")
    reader = EmbeddedEventLogReader(folder.parent / "log")
    loader = module.Loader(reader, warehouse, folder / "process.sqlite")
    await loader.open()
    print("ready", flush=True)
    while await loader.step():
        pass
    tables = {table.name: DIGEST.format(table.name) for table in FACTS}
    tables[WATERMARK.name] = HOW_FAR
    digests = {name: (await warehouse.query(sql)).rows for name, sql in tables.items()}
    print(digests, flush=True)
    await loader.close()
    warehouse.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
