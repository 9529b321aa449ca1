"""A customer is erased while an order of theirs is open: the books of points agree all the same."""

# ruff: noqa: F811  # fixtures of another room

import pytest
from tests.process.conftest import book, lake  # noqa: F401
from tests.promotions.loyalty.points_till import BACK, EARN, PAY, WALLET
from tests.promotions.redemptions.test_erased import WHO, erase
from tests.promotions.redemptions.test_settlement import books  # noqa: F401
from tests.promotions.till import NOW_US

from queqiao.decide.promotions.loyalty import account_rows


@pytest.mark.parametrize("points", [0, 10])
async def test_what_is_paid_after_the_erasure_is_noted_and_written_off(
    till, books, lake, book, points
):
    till.start()
    await till.adjust(40, customer=WHO)
    paid = await till.buy("o1", 5, points=points, customer=WHO)
    still = await till.buy("o2", 5, points=points, customer=WHO, commit=False)
    await books.reconcile()
    await erase(till, books, lake, book)
    till.records.write_now(lambda conn: account_rows.forget(conn, [WHO]))
    await till.keeper.keep_due(NOW_US)
    done = await till.redemption("POST", "commit", name=still["id"])
    assert done["state"] == "committed"
    proof = await till.proof(NOW_US)
    assert (proof["agrees"], proof["held"]) == (True, 0), proof
    for order in (paid, still):
        await till.refund(order, "r", everything=True)
    await till.keeper.keep_due(NOW_US)
    proof = await till.proof(NOW_US)
    assert (proof["agrees"], proof["held"]) == (True, 0), proof


async def test_store_credit_and_points_of_the_erased_are_told_apart_by_their_counters(
    till, books, lake, book
):
    till.start()
    till.start_credit(promotions={"earn": EARN, "pay": PAY, "back": BACK})
    await till.adjust(40, customer=WHO)
    await till.adjust(2_000, customer=WHO, programme=WALLET)
    said = {"points": 10, "credit": 500, "customer": WHO}
    paid = await till.buy("o1", 5, **said)
    still = await till.buy("o2", 5, **said, commit=False)
    await books.reconcile()
    await erase(till, books, lake, book)
    till.records.write_now(lambda conn: account_rows.forget(conn, [WHO]))
    await till.keeper.keep_due(NOW_US)
    await till.redemption("POST", "commit", name=still["id"])
    for order in (paid, still):
        await till.refund(order, "r", everything=True)
    await till.keeper.keep_due(NOW_US)
    for programme in ("club", WALLET):
        proof = await till.proof(NOW_US, programme)
        assert (proof["agrees"], proof["held"]) == (True, 0), proof
