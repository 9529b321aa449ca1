"""The house, and bidders."""

import pytest
from tests.ads.auctions.house import Bidders, House
from tests.ads.openrtb.conftest import openrtb_files, proto


@pytest.fixture
async def bidders():
    bidders = Bidders()
    await bidders.start()
    yield bidders
    await bidders.stop()


@pytest.fixture
async def house(tmp_path):
    house = House(tmp_path)
    yield house
    house.callers.close()
    await house.ledger.close()
    house.log.close()


__all__ = ["openrtb_files", "proto"]
