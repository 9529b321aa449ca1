"""The warehouse of the shop of ads."""

import pytest


@pytest.fixture
async def warehouse(warehouse):
    """The warehouse; ``load`` brings in what is in the shop's log by then."""
    loaded = await warehouse()
    loaded.load = warehouse
    return loaded
