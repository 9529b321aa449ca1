"""What nobody settled, and the ledger held against the log, on the real warehouse."""

import pytest
from tests.promotions.redemptions.test_redeeming import order, promotion
from tests.promotions.till import NOW_US

from queqiao.decide.promotions.contracts import PROMOTION
from queqiao.decide.promotions.documents.benefit import FixedBenefit
from queqiao.decide.promotions.documents.coupon_batch import CouponBatchDocument
from queqiao.decide.promotions.redemptions.reconciliation import reconcile
from queqiao.decide.promotions.redemptions.settlement import Settlement
from queqiao.kernel.clock import MINUTE_US
from queqiao.kernel.errors import Unavailable
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.ports.ledger.base import Take
from queqiao.ports.records import documents
from queqiao.ports.records.audit import SYSTEM
from queqiao.ports.records.sqlite import SqliteRecords
from queqiao.ports.warehouse.clickhouse import open_warehouse
from queqiao.process.loader import Loader

LATER_US = NOW_US + 31 * MINUTE_US


class Books:
    """The warehouse and the records beside a till."""

    def __init__(self, till):
        self.till = till
        self.warehouse = open_warehouse(f"chdb://{till.folder}/warehouse")
        reader = EmbeddedEventLogReader(till.folder / "log")
        self.loader = Loader(reader, self.warehouse, till.folder / "process.sqlite", "CNY")
        self.records = SqliteRecords(till.folder / "records.sqlite")
        self.records.upgrade()
        self.settlement = Settlement(self.warehouse, till.ledger, till.mortal_log)

    async def open(self):
        await self.loader.open()

    def publish(self, **promotions):
        self.till.show(promotions, {})
        edit = documents.Edit(SYSTEM, NOW_US)
        for name, document in promotions.items():
            self.records.write_now(
                lambda conn, name=name, document=document: documents.create(
                    conn, PROMOTION, name, document, edit
                )
            )

    async def load(self):
        while await self.loader.step():
            pass

    async def settle(self, now_us=LATER_US):
        await self.load()
        count = await self.settlement.settle(now_us)
        await self.load()
        return count

    async def reconcile(self):
        await self.load()
        return await reconcile(self.till.ledger, self.warehouse, self.records)

    async def close(self):
        await self.loader.close()
        self.warehouse.close()
        self.records.close()


@pytest.fixture
async def books(till):
    made = Books(till)
    await made.open()
    yield made
    await made.close()


def names(till):
    return [event["event"] for event in till.events()]


async def test_a_reservation_that_nobody_paid_is_told_once(till, books):
    books.publish(p=promotion(total=1))
    placed = await till.order(order())
    assert await books.settle(NOW_US + 29 * MINUTE_US) == 0
    assert await books.settle() == 1
    assert await books.settle() == 0
    assert names(till) == ["Redemption Reserved", "Redemption Released"]
    assert till.events()[1]["properties"]["reason"] == "expired"
    seen = await till.redemption("GET", "{id}", name=placed["id"], now_us=LATER_US)
    assert seen["state"] == "expired"


async def test_a_payment_after_that_still_takes_again(till, books):
    books.publish(p=promotion(total=1))
    placed = await till.order(order())
    await books.settle()
    paid = await till.redemption("POST", "commit", name=placed["id"], now_us=LATER_US)
    assert paid["state"] == "committed"
    assert await books.settle(LATER_US + MINUTE_US) == 0
    assert (await books.reconcile()).agrees


@pytest.mark.parametrize("at_us", [NOW_US, LATER_US])
async def test_a_commit_that_died_before_the_log_is_told(till, books, at_us):
    books.publish(p=promotion(total=1, budget=5_000))
    placed = await till.order(order())
    till.mortal_log.dies_next = True
    with pytest.raises(Unavailable):
        await till.redemption("POST", "commit", name=placed["id"], now_us=at_us)
    found = await books.reconcile()
    assert [(one.uses_in_ledger, one.uses, one.agrees) for one in found.promotions] == [
        (1, 0, False)
    ]
    assert await books.settle() == 1
    assert names(till)[1:] == ["Redemption Committed", "Promotion Applied"]
    assert (await books.reconcile()).agrees


async def test_ledger_and_log_agree_to_the_last_minor_unit(till, books):
    books.publish(p=promotion(1_001, budget=9_000), q=promotion(333))
    ids = []
    for number in range(5):
        placed = await till.order(order(f"o{number}", f"u{number}", commit=number != 4))
        ids.append(placed["id"])
    await till.redemption("POST", "return", None, ids[0])
    part = {"request_id": "a", "promotions": [{"promotion_id": "p", "amount": 7}]}
    await till.redemption("POST", "return", part, ids[1])
    found = await books.reconcile()
    assert found.agrees
    p, q = found.promotions
    assert (p.orders, p.uses, p.spent, p.spent_in_ledger, p.reserved) == (
        4, 3, 3 * 1_001 - 7, 3 * 1_001 - 7, 1_001,
    )  # fmt: skip
    assert (q.uses, q.spent, q.platform) == (3, 999, 999)


async def test_what_only_one_of_them_knows_is_seen(till, books):
    books.publish(p=promotion(budget=9_000))
    await till.order(order(commit=True))
    assert (await books.reconcile()).agrees
    await till.ledger.spend("behind our back", [Take("promotion:p:budget", 1)], NOW_US)
    found = await books.reconcile()
    assert not found.agrees
    assert found.promotions[0].spent_in_ledger - found.promotions[0].spent == 1


@pytest.mark.parametrize("total", [None, 9])
async def test_uses_of_codes_without_an_order_agree_with_what_is_told_of_them(till, books, total):
    """Only where the promotion's uses in all are limited does the ledger count them for it."""
    document = promotion(100, code_batch="b", total=total)
    batch = CouponBatchDocument(name="b", codes=("A", "B", "C"), uses_per_customer=None)
    books.publish(p=document)
    till.show({"p": document}, {"b": batch})
    await till.order(order("o1", codes=["A"], commit=True))
    await till.use("redeem", "B", order="o2")
    await till.use("redeem", "C", order="o3")
    await till.use("return", "C", order="o3")
    found = await books.reconcile()
    assert found.agrees
    (p,) = found.promotions
    assert (p.uses, p.uses_in_ledger) == (1, 1 if total is None else 2)


@pytest.mark.parametrize("total", [None, 9])
async def test_a_redemption_that_the_log_has_lost_is_seen_of_promotions_with_codes(
    till, books, total
):
    document = promotion(0, code_batch="b", benefit=FixedBenefit(100), total=total)
    batch = CouponBatchDocument(name="b", codes=("A", "B"), uses_per_customer=None)
    books.publish(p=document)
    till.show({"p": document}, {"b": batch})
    await till.use("redeem", "A", order="o1")
    await till.order(order("o2", codes=["B"], commit=True))
    assert (await books.reconcile()).agrees
    lost = [Take("promotion:p:total", 1)]
    await till.ledger.spend("an order that the log does not know", lost, NOW_US)
    found = await books.reconcile()
    assert not found.agrees
    assert found.promotions[0].code_uses == 1


async def test_a_limit_that_came_and_went_leaves_what_codes_used_in_between(till, books):
    document = promotion(100, code_batch="b", total=9)
    batch = CouponBatchDocument(name="b", codes=("A", "B"), uses_per_customer=None)
    books.publish(p=document)
    till.show({"p": document}, {"b": batch})
    await till.use("redeem", "A", order="o1")
    without = promotion(100, code_batch="b")
    edit = documents.Edit(SYSTEM, NOW_US)
    books.records.write_now(lambda conn: documents.replace(conn, PROMOTION, "p", without, edit))
    till.show({"p": without}, {"b": batch})
    await till.use("redeem", "B", order="o2")
    assert (await books.reconcile()).agrees
