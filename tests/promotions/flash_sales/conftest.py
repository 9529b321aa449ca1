"""The counter that every test here may use."""

import pytest
from tests.promotions.flash_sales.counter import Counter


@pytest.fixture
async def counter(tmp_path):
    counter = Counter(tmp_path)
    yield counter
    await counter.close()
