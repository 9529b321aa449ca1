"""The warehouse of the shop of ads."""

import pytest

from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.ports.warehouse.clickhouse import open_warehouse
from queqiao.process.loader import Loader


@pytest.fixture
async def warehouse(shop, tmp_path):
    """The warehouse; ``load`` brings in what is in the shop's log by then."""
    warehouse = open_warehouse(f"chdb://{tmp_path}/warehouse")
    reader = EmbeddedEventLogReader(tmp_path / "log")
    loader = Loader(reader, warehouse, tmp_path / "process.sqlite", "CNY")
    await loader.open()

    async def load():
        while await loader.step():
            pass

    warehouse.load = load
    yield warehouse
    await loader.close()
    warehouse.close()
