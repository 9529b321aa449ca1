"""A loader over real adapters, as the suite of process has it."""

import pytest
from tests.process.conftest import House


@pytest.fixture
async def house(tmp_path):
    made = House(tmp_path)
    yield made
    await made.loader.close()
    made.warehouse.close()
    made.log.close()
