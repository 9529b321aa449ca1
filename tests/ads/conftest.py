"""The shop of ads that every test here may use."""

import pytest
from tests.ads.shop import Shop


@pytest.fixture
async def shop(tmp_path):
    shop = Shop(tmp_path)
    yield shop
    await shop.ledger.close()
    shop.log.close()
