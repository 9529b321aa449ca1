"""The shop of ads that every test here may use."""

import pytest
from tests.ads.shop import Shop

from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.ports.warehouse.clickhouse import open_warehouse
from queqiao.process.loader import Loader


@pytest.fixture
async def shop(tmp_path):
    shop = Shop(tmp_path)
    yield shop
    await shop.close()


@pytest.fixture
async def warehouse(shop, tmp_path):
    """The warehouse into which the shop's log is loaded when it is asked for."""
    warehouse = open_warehouse(f"chdb://{tmp_path}/warehouse")
    reader = EmbeddedEventLogReader(tmp_path / "log")
    loader = Loader(reader, warehouse, tmp_path / "process.sqlite", "CNY")
    await loader.open()

    async def load():
        while await loader.step():
            pass
        return warehouse

    yield load
    await loader.close()
    warehouse.close()
