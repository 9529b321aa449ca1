"""The counter that every test here may use; its books are proven at the end of each."""

import pytest
from tests.promotions.cards.counter import Counter

FAR_US = 2**52
"""After every hold and every validity of the tests."""


@pytest.fixture
async def counter(tmp_path):
    counter = Counter(tmp_path)
    yield counter
    for product_id in counter.products:
        assert (await counter.money(product_id, FAR_US))["difference"] == 0
    assert (await counter.ledger.prove()).balanced
    await counter.close()
