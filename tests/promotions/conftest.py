"""The till that every test here may use."""

import pytest
from tests.promotions.till import Till


@pytest.fixture
async def till(tmp_path):
    till = Till(tmp_path)
    yield till
    assert (await till.ledger.prove()).balanced
    await till.ledger.close()
    till.log.close()
    till.records.close()
