"""The till of referrals; its books are proven at the end of each test."""

import pytest
from tests.promotions.loyalty.points_till import WALLET
from tests.promotions.referrals.referral_till import ReferralTill

FAR_US = 2**52
"""After every hold and every validity of the tests."""


@pytest.fixture
async def till(tmp_path):
    till = ReferralTill(tmp_path)
    yield till
    for programme in ("club", WALLET) if till.programme is not None else ():
        proof = await till.proof(FAR_US, programme)
        assert proof["agrees"], proof
    assert (await till.ledger.prove()).balanced
    await till.ledger.close()
    till.log.close()
    till.records.close()
