"""The house, and bidders."""

import pytest
from tests.ads.auctions.house import Bidders, House
from tests.ads.openrtb.conftest import examples, openrtb_files, proto


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


@pytest.fixture(scope="session")
def proto_faults(request):
    """What is wrong with a message by the published protocol buffers, where they are at hand."""
    try:
        return request.getfixturevalue("proto").faults
    except pytest.skip.Exception:
        return lambda _kind, _message: []


__all__ = ["examples", "openrtb_files", "proto"]
