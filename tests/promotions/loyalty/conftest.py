"""The till that every test here may use; its books are proven at the end of each."""

import pytest
from tests.promotions.loyalty.points_till import WALLET, PointsTill

FAR_US = 2**52
"""After every hold and every validity of the tests."""


@pytest.fixture
async def till(tmp_path):
    till = PointsTill(tmp_path)
    yield till
    if till.programme is not None:
        proof = await till.proof(FAR_US)
        assert proof["agrees"], proof
        assert proof["moved"] == proof["held"]
    if till.credit is not None:
        proof = await till.proof(FAR_US, WALLET)
        assert proof["agrees"], proof
        assert proof["moved"] == proof["held"]
    assert (await till.ledger.prove()).balanced
    await till.ledger.close()
    till.log.close()
    till.records.close()
