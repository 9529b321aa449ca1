"""No figure of the caller decides money: prices are those of the catalogue and of documents."""

import pytest
from tests.promotions.engagements.test_engagements import (
    BARGAIN,
    bargain,
    begin,
    group,
    presale,
    price,
    refusal,
    step,
)
from tests.promotions.redemptions.test_refunds import refund

from queqiao.catalog.contracts import Goods, PriceBook
from queqiao.decide.promotions.documents.mechanic import Bargain, GroupBuy
from queqiao.decide.promotions.documents.scope import Scope
from queqiao.kernel.errors import InvalidInput
from queqiao.profile.contracts import Buyer

ONE_CUT = Bargain(floor=2_000, helpers=1)


def bargain_of(rules=BARGAIN, currency=None, **scope):
    document = bargain(rules)
    return type(document)(
        name="p",
        benefit=document.benefit,
        mechanic=rules,
        scope=Scope(**scope),
        currency=currency,
    )


async def wrong(awaited):
    with pytest.raises(InvalidInput) as refused:
        await awaited
    return [field.path for field in refused.value.fields]


async def test_a_bargain_starts_from_the_price_in_the_catalogue(till):
    till.show({"p": bargain()}, {})
    assert (await begin(till, sku="A"))["price"] == 10_000
    for said in (9_999, 100, 6_000, 10**9):
        assert await wrong(begin(till, request_id="2", sku="A", price=said)) == ["price"]


@pytest.mark.parametrize(
    ("rules", "scope", "sku"),
    [
        (BARGAIN, {}, None),
        (BARGAIN, {"skus": ("A", "B")}, None),
        (BARGAIN, {"skus": ("A",), "categories": ("food",)}, None),
        (BARGAIN, {"skus": ("A",)}, "B"),
        (BARGAIN, {"skus": ("B", "E")}, "A"),
        (BARGAIN, {}, "unheard of"),
        (Bargain(floor=6_000, helpers=4, sku="A"), {}, "B"),
        (Bargain(floor=600, helpers=4), {}, "E"),
    ],
)
async def test_goods_that_it_is_not_for_begin_none(till, rules, scope, sku):
    till.show({"p": bargain_of(rules, currency="CNY", **scope)}, {})
    more = {} if sku is None else {"sku": sku}
    assert await wrong(begin(till, **more)) == ["sku"]


@pytest.mark.parametrize(
    ("rules", "scope"),
    [(Bargain(floor=6_000, helpers=4, sku="A"), {}), (BARGAIN, {"skus": ("A",)})],
)
async def test_one_sku_of_the_document_needs_no_name(till, rules, scope):
    till.show({"p": bargain_of(rules, **scope)}, {})
    assert (await begin(till))["price"] == 10_000


async def test_what_costs_no_more_than_the_floor_is_not_bargained_for(till):
    till.show({"p": bargain(Bargain(floor=5_000, helpers=1))}, {})
    assert await refusal(begin(till, sku="B")) == "nothing_to_cut"


async def test_a_bargain_for_cheap_goods_is_none_for_dear_ones(till):
    """B was cut from 5,000 to 2,000: A, at 10,000 in the same cart, keeps its price."""
    till.show({"p": bargain(ONE_CUT)}, {})
    started = await begin(till, sku="B")
    await step(till, started["id"], "f1", "cut")
    assert await price(till, "u1", started["id"]) == (10_000, ["no_goods_in_scope"])
    cart = {"lines": [{"sku": "A"}, {"sku": "B", "quantity": 2}], "engagements": [started["id"]]}
    asked = {"cart": cart, "customer": {"id": "u1"}}
    answer = await till.post("quote", asked)
    assert [line["discount"] for line in answer["lines"]] == [0, 500]
    assert answer["applied"][0]["amount"] == 500


async def test_a_retry_finds_it_after_the_price_has_changed(till):
    till.show({"p": bargain()}, {})
    first = await begin(till, sku="A", price=10_000)
    till.shop = till.shop._replace(price_book=PriceBook([Goods("A", 5_000, "CNY")]))
    assert await begin(till, sku="A", price=10_000) == first
    assert await refusal(begin(till, sku="A", request_id="2")) == "nothing_to_cut"


async def test_what_comes_back_of_other_goods_leaves_the_bargain_alone(till):
    """The bargain was on A; when A comes back, B is not the cheaper for it."""
    document = bargain(Bargain(floor=6_000, helpers=1))
    till.show({"p": document}, {})
    started = await begin(till, sku="A")
    await step(till, started["id"], "f1", "cut")
    lines = [{"id": "1", "sku": "A"}, {"id": "2", "sku": "B"}]
    cart = {"lines": lines, "engagements": [started["id"]]}
    question = {"cart": cart, "customer": {"id": "u1"}}
    placed = await till.order({"order_id": "o1", "question": question, "commit": True})
    assert placed["discount"] == 4_000
    till.publish("p", document)
    body = {
        "request_id": "a",
        "items": [{"line": "1", "quantity": 1}],
        "policy": {"discounts": "claw_back"},
    }
    assert (await refund(till, placed["id"], body))["totals"]["total"] == 6_000


async def test_a_deposit_is_the_documents_whatever_is_said(till):
    till.show({"p": presale()}, {})
    paid = await begin(till, price=1)
    assert (paid["price"], paid["worth"]) == (1_000, 2_500)


async def test_who_has_bought_is_no_new_customer_whatever_is_said(till):
    till.show({"p": group(GroupBuy(size=2, new_customers_only=True))}, {})
    till.buyers["u1"] = Buyer(orders=1)
    till.buyers["u2"] = Buyer()
    assert await refusal(begin(till, new_customer=True)) == "not_first_purchase"
    opened = await begin(till, "u2", new_customer=True)
    assert await refusal(step(till, opened["id"], "u1", new_customer=True)) == "not_first_purchase"
    assert (await step(till, opened["id"], "u3", new_customer=True))["state"] == "full"
