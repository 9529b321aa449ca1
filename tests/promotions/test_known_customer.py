"""Where a question is silent of its customer, what the system knows holds."""

from decimal import Decimal

import msgspec
import pytest
from tests.promotions.till import NOW_US

from queqiao.decide.promotions.customer_types import CustomerHistory
from queqiao.decide.promotions.documents import condition
from queqiao.decide.promotions.documents.benefit import PercentBenefit
from queqiao.decide.promotions.documents.condition import AttributeTest, Condition, Spent
from queqiao.decide.promotions.documents.promotion import PromotionDocument
from queqiao.decide.promotions.documents.scope import Scope
from queqiao.decide.promotions.known_customer import history_of
from queqiao.kernel.clock import DAY_US
from queqiao.profile.buyers import Bought, Buyer, Said


def for_customers(**condition):
    return PromotionDocument(
        name="p", benefit=PercentBenefit(Decimal(10)), condition=Condition(**condition)
    )


KNOWN = Buyer(
    position=9,
    orders=2,
    spent={"CNY": 30_000, "EUR": 7},
    last_order_us=NOW_US - DAY_US,
    bought=(Bought("A", "food", 2, 20_000, "CNY", NOW_US - DAY_US),),
    traits={
        "tags": Said(["老客"], 1),
        "birthday": Said("1990-06-18T00:00:00Z", 1),
        "level": Said("gold", 1),
    },
)
ASKED = {
    "orders_at_least": 2,
    "order_number_any": (3,),
    "spent": Spent(at_least=30_000, at_most=30_000),
    "bought": condition.Bought(Scope(skus=("A",)), 2, 2, within_days=2),
    "tags_any": ("老客",),
    "birthday_before_days": 0,
    "attributes": (AttributeTest("level", ("gold",)),),
}


@pytest.mark.parametrize("field", ASKED)
async def test_what_is_known_of_a_customer_holds_where_the_question_is_silent(till, field):
    till.show({"p": for_customers(**{field: ASKED[field]})}, {})
    till.buyers["u1"] = KNOWN
    cart = {"lines": [{"sku": "A"}]}
    totals = [
        (await till.post("quote", {"cart": cart, "customer": {"id": name}}))["totals"]["discount"]
        for name in ("u1", "nobody can tell")
    ]
    assert totals == [1_000, 0]
    assert till.asked_for == [("u1",), ("nobody can tell",)]


async def test_what_the_question_says_of_its_customer_goes_before_what_is_known(till):
    till.show({"p": for_customers(first_purchase=True)}, {})
    till.buyers["u1"] = KNOWN
    customer = {"id": "u1", "device_id": "d1", "history": {"orders": 0}}
    answer = await till.post("quote", {"cart": {"lines": [{"sku": "A"}]}, "customer": customer})
    assert answer["totals"]["discount"] == 1_000
    assert till.asked_for == [("u1",)], "which device it is, a browser says"


async def test_where_no_promotion_asks_nobody_is_looked_up(till):
    till.show({"p": for_customers(segments_any=("vip",))}, {})
    await till.post("quote", {"cart": {"lines": [{"sku": "A"}]}, "customer": {"id": "u1"}})
    till.show({"p": for_customers(first_purchase=True)}, {})
    await till.post("quote", {"cart": {"lines": [{"sku": "A"}]}, "customer": {}})
    assert till.asked_for == []


def line(quantity, paid_minor, days_ago, sku="A"):
    return Bought(sku, "food", quantity, paid_minor, "CNY", NOW_US - days_ago * DAY_US)


BACK = {
    "all of one order of two": ((line(-2, -20_000, 1), line(2, 20_000, 2), line(3, 9_000, 9)), 3),
    "a part": ((line(-1, -5_000, 1), line(2, 20_000, 2)), 1),
    "more than the newest had": ((line(-3, -9, 1), line(2, 6, 2), line(2, 6, 3)), 1),
    "money only": ((line(0, -500, 1), line(2, 20_000, 2)), 2),
    "other goods": ((line(-1, -5, 1, "B"), line(2, 20_000, 2)), 2),
    "bought again since": ((line(1, 7, 1), line(-1, -7, 2), line(1, 7, 3)), 1),
    "what is known of no order": ((line(-4, -5, 1),), 0),
}


@pytest.mark.parametrize("known", BACK)
async def test_what_came_back_is_not_among_the_goods_bought(till, known):
    lines, quantity = BACK[known]
    till.show({"p": for_customers(bought=condition.Bought(Scope(skus=("A",)), 1))}, {})
    till.buyers["u1"] = Buyer(orders=9, spent={"CNY": -1}, bought=lines)
    cart = {"lines": [{"sku": "A"}]}
    totals = (await till.post("quote", {"cart": cart, "customer": {"id": "u1"}}))["totals"]
    assert (totals["discount"] > 0) == (quantity > 0)
    history = history_of(CustomerHistory(), till.buyers["u1"], "CNY")
    found = msgspec.convert(msgspec.to_builtins(history), CustomerHistory)
    assert sum(one.quantity for one in found.bought) == quantity
    assert found.spent_minor == 0


@pytest.mark.parametrize("said", ["tomorrow", "1990-02-31", 19900618, None])
async def test_what_is_no_birthday_is_none(till, said):
    till.show({"p": for_customers(birthday_before_days=180)}, {})
    till.buyers["u1"] = Buyer(traits={"birthday": Said(said, 1), "tags": Said("vip", 1)})
    body = {"cart": {"lines": [{"sku": "A"}]}, "customer": {"id": "u1"}}
    assert (await till.post("quote", body))["totals"]["discount"] == 0


async def test_the_segments_of_a_known_customer_hold(till):
    vip = PromotionDocument(
        name="vip",
        benefit=PercentBenefit(Decimal(10)),
        condition=Condition(segments_any=("vip",)),
    )
    till.show({"vip": vip}, {})
    till.segments["u1"] = frozenset({"vip"})
    cart = {"lines": [{"sku": "A"}]}
    totals = [
        (await till.post("quote", {"cart": cart, "customer": customer}))["totals"]["discount"]
        for customer in ({"id": "u1"}, {"id": "u1", "segments": []}, {"id": "u2"}, {})
    ]
    assert totals == [1_000, 0, 0, 0]
