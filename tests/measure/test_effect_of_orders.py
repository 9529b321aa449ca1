"""Orders through the real till, with a holdback: their effect equals the ledger to the 分."""

import random
from decimal import Decimal

import msgspec
import pytest
from tests.measure.effect_store import EffectStore, sale
from tests.process.conftest import eraser_of
from tests.promotions.redemptions.test_redeeming import promotion
from tests.promotions.till import BOOK, NOW_US, Till, coupon

from queqiao.decide.promotions.documents.coupon_batch import CouponBatchDocument
from queqiao.decide.promotions.documents.promotion import Funding
from queqiao.decide.promotions.holdback import below_of, draw, draws, salt_of
from queqiao.decide.promotions.redemptions.reconciliation import reconcile as every_promotion
from queqiao.decide.promotions.restraints import Restraints
from queqiao.kernel.clock import MINUTE_US
from queqiao.kernel.errors import Unavailable
from queqiao.ports.lake.parquet_folder import ParquetFolder
from queqiao.ports.ledger.base import Take
from queqiao.process.erasure_book import ErasureBook, Subject

KEY = b"the key of these draws"
SHARED = Funding(platform=50, shop=30, brand=20)


class Shop:
    """A till with the effect's store beside it, and the shop that tells of its sales."""

    def __init__(self, folder):
        self.till = Till(folder)
        self.store = EffectStore(folder, self.till.ledger, self.till.log)

    async def open(self, **promotions):
        await self.store.open()
        self.show({}, **promotions)
        for name, document in promotions.items():
            self.store.publish(name, document)
        self.store.sell(*({"sku": sku, "price_minor": BOOK.goods(sku).price_minor,
                           "currency": "CNY", "cost_minor": 2_000} for sku in "AB"))  # fmt: skip
        return self

    def show(self, batches, **promotions):
        self.till.show(promotions, batches)
        self.till.shop = self.till.shop._replace(restraints=Restraints(draws=draws(KEY)))

    async def buy(self, number, customer, *lines, at_us=NOW_US, **more):
        """Quote, order, pay, and tell of the sale; return the redemption."""
        cart = {"lines": [{"sku": sku, "quantity": quantity} for sku, quantity in lines]}
        asked = {"cart": cart, "customer": {"id": customer}, **more}
        await self.till.post("quote", asked, now_us=at_us)
        order = {"order_id": f"o{number}", "question": asked, "commit": True}
        placed = await self.till.order(order, at_us + 1)
        lines = [(one["sku"], one["quantity"], one["unit_price"], one["discount"])
                 for one in placed["quote"]["lines"]]  # fmt: skip
        self.store._count += 100_000  # message ids of the shop are its own
        await self.store.tell(sale(f"o{number}", customer, at_us + 2, *lines))
        return placed

    async def load(self):
        await self.till.exposures.flush()
        await self.store.load()

    async def reconcile(self, name):
        await self.till.exposures.flush()
        return await self.store.reconcile(name)

    async def close(self):
        await self.store.close()
        assert (await self.till.ledger.prove()).balanced
        await self.till.ledger.close()
        self.till.log.close()
        self.till.records.close()


@pytest.fixture
async def shop(tmp_path):
    made = Shop(tmp_path)
    yield made
    await made.close()


def is_held(name, customer, percent=50):
    return draw(draws(KEY).customer(customer), salt_of(name)) < below_of(Decimal(percent))


async def test_the_effect_of_orders_equals_the_ledger(shop):
    chance = random.Random(20)
    half = {"holdback_percent": Decimal(50), "funding": SHARED}
    p = msgspec.structs.replace(promotion(1_001, budget=10**7), **half)
    q = msgspec.structs.replace(promotion(333), **half)
    await shop.open(p=p, q=q)
    people = [f"u{number}" for number in range(24)]
    placed = []
    for number, customer in enumerate(people):
        lines = [("A", chance.randrange(1, 3)), ("B", 1)]
        at_us = NOW_US + number * MINUTE_US
        placed.append(await shop.buy(number, customer, *lines, at_us=at_us))
    used = [one for one in placed if one["promotions"]]
    await shop.till.redemption("POST", "return", None, used[0]["id"])
    part = {"promotion_id": used[1]["promotions"][0]["promotion_id"], "amount": 7}
    back = {"request_id": "a", "promotions": [part]}
    await shop.till.redemption("POST", "return", back, used[1]["id"])
    await shop.load()

    sums, given = {}, sum(one["discount"] for one in placed)
    for name in "pq":
        found = await shop.store.ask(name)
        figures = sums[name] = found["figures"]
        held = sum(is_held(name, customer) for customer in people)
        assert [arm["customers"] for arm in found["lift"]["arms"]] == [len(people) - held, held]
        assert figures["orders"] == len(people) - held
        assert sum(figures["funding"].values()) == figures["discount_net"]
        assert figures["discount_net"] == found["budget"]["spent"]
        assert figures["uses"] == found["budget"]["uses"]
        proof = await shop.reconcile(name)
        assert (proof["agrees"], proof["differences"], proof["notes"]) == (True, [], [])
        assert proof["told"]["discount"] == proof["ledger_discount"] == figures["discount_net"]
    assert sum(one["discount"] for one in sums.values()) == given
    ((paid,),) = (await shop.store.warehouse.query("SELECT sum(discount_minor) FROM order_lines"
                                                   " WHERE kind = 'sale'")).rows  # fmt: skip
    assert paid == given


async def test_what_is_in_the_log_only_is_on_the_way(shop):
    await shop.open(p=promotion(1_000))
    await shop.buy(1, "u1", ("A", 1))
    await shop.load()
    await shop.buy(2, "u2", ("A", 1))
    proof = await shop.store.reconcile("p")
    assert (proof["agrees"], proof["told"]["uses"], proof["on_the_way"]["uses"]) == (True, 1, 1)
    assert [note["code"] for note in proof["notes"]] == ["on_the_way"]
    assert proof["ledger_discount"] == 2_000


async def test_a_commit_that_died_before_the_log_is_named_by_its_order(shop):
    await shop.open(p=promotion(1_000))
    await shop.buy(1, "u1", ("A", 1))
    question = {"cart": {"lines": [{"sku": "A"}]}, "customer": {"id": "u2"}}
    placed = await shop.till.order({"order_id": "o2", "question": question})
    shop.till.mortal_log.dies_next = True
    with pytest.raises(Unavailable):
        await shop.till.redemption("POST", "commit", name=placed["id"])
    await shop.load()
    proof = await shop.reconcile("p")
    assert not proof["agrees"]
    assert (proof["difference_uses"], proof["difference_discount"]) == (1, 1_000)
    (order,) = proof["differences"]
    assert (order["order_id"], order["redemption_id"]) == ("o2", placed["id"])
    assert (order["discount"], order["discount_in_ledger"]) == (0, 1_000)
    assert order["note"]["code"] == "not_told_yet"
    assert proof["notes"] == []


async def test_what_no_order_explains_is_said(shop):
    await shop.open(p=promotion(1_000))
    await shop.buy(1, "u1", ("A", 1))
    await shop.load()
    await shop.till.ledger.spend("behind", [Take("promotion:p:budget", 1)], NOW_US)
    proof = await shop.reconcile("p")
    assert (proof["agrees"], proof["difference_discount"], proof["differences"]) == (False, 1, [])
    assert [note["code"] for note in proof["notes"]] == ["of_no_order"]


async def test_codes_are_held_against_the_coupon_ledger(shop):
    batch = CouponBatchDocument(name="b", codes=("ONE", "TWO", "THREE", "FOUR", "FIVE"))
    document = coupon("b", 500, total=9)
    await shop.open(p=document)
    shop.show({"b": batch}, p=document)
    placed = await shop.buy(1, "u1", ("A", 1), codes=["ONE"])
    await shop.buy(2, "u2", ("A", 1), codes=["TWO"])
    await shop.till.use("redeem", "THREE", "u3", "o3")
    await shop.load()
    proof = await shop.reconcile("p")
    assert (proof["agrees"], proof["ledger_codes"], proof["told"]["codes"]) == (True, 3, 3)
    assert (proof["ledger_uses"], proof["told"]["uses"]) == (3, 2)
    await shop.till.redemption("POST", "return", None, placed["id"])
    await shop.load()
    proof = await shop.reconcile("p")
    assert (proof["agrees"], proof["difference_codes"]) == (True, 0)
    await shop.till.ledger.spend("behind", [Take("coupon:b:total", 2)], NOW_US)
    assert (await shop.reconcile("p"))["difference_codes"] == 1


async def test_an_erased_buyer_is_no_difference(shop, tmp_path):
    await shop.open(p=promotion(1_000))
    await shop.buy(1, "u1", ("A", 1))
    await shop.buy(2, "u2", ("A", 1))
    await shop.load()
    before = (await shop.store.ask("p"))["figures"]
    book = ErasureBook(tmp_path / "erasures.sqlite", bytes(32))
    book.request("e1", Subject(user_id="u1"), 1)
    eraser = eraser_of(shop.store, ParquetFolder(tmp_path / "lake"), book)
    while book.find("e1").phase in {"waiting", "erasing"}:
        await eraser.advance(2)
    book.close()
    assert (await shop.store.ask("p"))["figures"] == before
    proof = await shop.reconcile("p")
    assert (proof["agrees"], [note["code"] for note in proof["notes"]]) == (True, ["erased"])
    every = await every_promotion(shop.till.ledger, shop.store.warehouse, shop.store.records)
    assert every.agrees
    assert [one.spent for one in every.promotions] == [2_000]
