"""Gifts are counted in the step of the order: never more than there are, and back when they are."""

import asyncio

import pytest
from msgspec import structs
from tests.promotions.redemptions.test_redeeming import order, refusal
from tests.promotions.redemptions.test_refunds import refund
from tests.promotions.till import NOW_US

from queqiao.decide.promotions.contracts import PROMOTION
from queqiao.decide.promotions.documents.benefit import Gift, GiftBenefit
from queqiao.decide.promotions.documents.promotion import Funding, Limits, PromotionDocument
from queqiao.decide.promotions.redemptions.used_up import read_used_up
from queqiao.kernel.errors import InvalidInput, Refused

TEA = "promotion:p:gift:T"


def gifts(*given, instead=(), **limits):
    return PromotionDocument(
        name="满赠",
        benefit=GiftBenefit(given, instead=instead),
        limits=Limits(**limits),
        funding=Funding(),
    )


def given_of(answer):
    return [(gift["sku"], gift["quantity"]) for gift in answer["quote"]["gifts"]]


async def test_an_order_takes_its_gifts_and_a_quote_sees_what_is_left(till):
    till.show({"p": gifts(Gift("T", 2, stock=3))}, {})
    placed = await till.order(order())
    assert given_of(placed) == [("T", 2)]
    assert await till.spent(TEA) == [(2, 0)]
    await till.redemption("POST", "commit", name=placed["id"])
    assert await till.spent(TEA) == [(0, 2)]
    seen = await read_used_up(till.ledger, till.shop.promotions.offers, NOW_US, "Asia/Shanghai")
    assert seen.gifts == {"p": {"T": 1}}
    till.shop = till.shop._replace(restraints=seen)
    answer = await till.post("quote", order()["question"])
    assert [(gift["sku"], gift["quantity"]) for gift in answer["gifts"]] == [("T", 1)]


async def test_gifts_without_a_stock_are_counted_too(till):
    till.show({"p": gifts(Gift("T", 2))}, {})
    await till.order(order(commit=True))
    assert await till.spent(TEA) == [(0, 2)]


async def test_an_order_that_finds_no_gift_is_refused_or_goes_without(till):
    till.show({"p": gifts(Gift("T", 2, stock=3))}, {})
    await till.order(order())
    with pytest.raises(Refused) as refused:
        await till.order(order("o2"))
    assert refused.value.reason == "gift_out_of_stock"
    (field,) = refused.value.fields
    assert (field.path, field.message.en) == ("applied.p", "1 left")
    assert given_of(await till.order(order("o2", when_used_up="leave_out"))) == [("T", 1)]
    last = await till.order(order("o3", when_used_up="leave_out"))
    assert given_of(last) == []
    assert [one["reason"] for one in last["quote"]["refused"]] == ["gift_out_of_stock"]
    assert await till.spent(TEA) == [(3, 0)]


async def test_the_document_says_what_is_given_instead(till):
    document = gifts(Gift("T", 2, stock=3), instead=(Gift("U", 1, stock=1), Gift("V", 5)))
    till.show({"p": document}, {})
    found = [given_of(await till.order(order(f"o{number}"))) for number in range(3)]
    assert found == [[("T", 2)], [("U", 1)], [("V", 5)]]
    others = [f"promotion:p:gift:{sku}" for sku in "TUV"]
    assert await till.spent(*others) == [(2, 0), (1, 0), (5, 0)]


async def test_many_at_once_get_as_many_gifts_as_there_are(till):
    till.show({"p": gifts(Gift("T", stock=7), instead=(Gift("V", stock=5),))}, {})
    calls = [till.order(order(f"o{n}", when_used_up="leave_out")) for n in range(60)]
    answers = await asyncio.gather(*calls)
    found = [sku for answer in answers for sku, _ in given_of(answer)]
    assert (found.count("T"), found.count("V"), len(answers)) == (7, 5, 60)
    assert await till.spent(TEA, "promotion:p:gift:V") == [(7, 0), (5, 0)]


@pytest.mark.parametrize(("verb", "commit"), [("release", False), ("return", True)])
async def test_an_order_given_up_or_cancelled_gives_its_gifts_back(till, verb, commit):
    till.show({"p": gifts(Gift("T", 2, stock=2))}, {})
    placed = await till.order(order(commit=commit))
    for _ in range(2):
        await till.redemption("POST", verb, None, placed["id"])
    assert await till.spent(TEA, "promotion:p:total") == [(0, 0), (0, 0)]
    assert given_of(await till.order(order("o2"))) == [("T", 2)]


async def test_parts_name_the_gifts_that_are_there_again(till):
    till.show({"p": gifts(Gift("T", 3, stock=3))}, {})
    placed = await till.order(order(commit=True))

    async def back(request, **part):
        body = {"request_id": request, "promotions": [{"promotion_id": "p", **part}]}
        return await till.redemption("POST", "return", body, placed["id"])

    for _ in range(2):
        await back("a", gifts={"T": 2})
        assert await till.spent(TEA, "promotion:p:total") == [(0, 1), (0, 1)]
    with pytest.raises(InvalidInput) as refused:
        await back("b", gifts={"T": 2})
    assert refused.value.fields[0].path == "promotions[0].gifts"
    with pytest.raises(InvalidInput):
        await back("b", gifts={"other": 1})
    await back("c", use=True)
    assert await till.spent(TEA, "promotion:p:total") == [(0, 0), (0, 0)]


async def published(till, document):
    till.publish("p", document)
    till.show({"p": document}, {})
    body = order(commit=True)
    body["question"]["cart"]["lines"][0]["id"] = "1"
    return (await till.order(body))["id"]


async def test_a_refund_puts_back_the_gifts_that_come_back(till):
    """The goods come back first, one of two gifts with them, the other a week later."""
    name = await published(till, gifts(Gift("T", 2, stock=5)))
    everything = {"request_id": "a", "everything": True, "gifts": [{"sku": "T"}]}
    for _ in range(2):
        await refund(till, name, everything)
        assert await till.spent(TEA, "promotion:p:total") == [(0, 1), (0, 0)]
    for _ in range(2):
        await refund(till, name, {"request_id": "b", "gifts": [{"sku": "T"}]})
        assert await till.spent(TEA) == [(0, 0)]


@pytest.mark.parametrize("policy", ["send_back", "charge", "keep"])
async def test_gifts_that_stay_with_the_shopper_stay_given(till, policy):
    name = await published(till, gifts(Gift("T", 2, stock=5)))
    body = {"request_id": "a", "everything": True, "policy": {"gifts": policy}}
    await refund(till, name, body)
    assert await till.spent(TEA, "promotion:p:total") == [(0, 2), (0, 0)]


async def test_a_gift_that_stood_in_is_still_earned_by_what_is_kept(till):
    """Two pieces earned V in place of T; one of them comes back, and V is still earned."""
    document = gifts(Gift("T", 2, stock=1), instead=(Gift("B"),))
    till.publish("p", document)
    till.show({"p": document}, {})
    body = order(quantity=2, commit=True)
    body["question"]["cart"]["lines"][0]["id"] = "1"
    placed = await till.order(body)
    assert given_of(placed) == [("B", 1)]
    one = {"request_id": "a", "items": [{"line": "1", "quantity": 1}]}
    memo = await refund(till, placed["id"], one | {"policy": {"discounts": "claw_back"}})
    assert memo["gifts"] == []
    assert memo["totals"]["total"] == 10_000


@pytest.mark.parametrize(
    ("given", "instead", "path"),
    [
        ((Gift("T"), Gift("T")), (), "benefit.gifts[1].sku"),
        ((Gift("T"),), (Gift("V"), Gift("T")), "benefit.instead[1].sku"),
    ],
)
def test_a_gift_stands_once_in_a_document(given, instead, path):
    with pytest.raises(InvalidInput) as refused:
        PROMOTION.check(gifts(*given, instead=instead))
    assert [field.path for field in refused.value.fields] == [path]


async def test_a_shop_that_prices_by_itself_says_what_gifts_it_gave(till):
    till.show({"p": gifts(Gift("T", stock=3), instead=(Gift("V"),))}, {})

    def given(order_id, **gave):
        applied = [{"promotion_id": "p", "amount": 1_500, "gifts": gave}]
        return till.order({"order_id": order_id, "applied": applied, "commit": True})

    placed = await given("o1", T=2, V=1)
    assert await till.spent(TEA, "promotion:p:gift:V") == [(0, 2), (0, 1)]
    assert await refusal(given("o2", T=2)) == "gift_out_of_stock"
    with pytest.raises(InvalidInput) as refused:
        await given("o3", T=1, other=1)
    assert refused.value.fields[0].path == "applied[0].gifts"
    await till.redemption("POST", "return", None, placed["id"])
    assert await till.spent(TEA, "promotion:p:gift:V") == [(0, 0), (0, 0)]


async def test_less_stock_takes_what_is_free(till):
    document = gifts(Gift("T", stock=9))
    till.show({"p": document}, {})
    for number in range(3):
        await till.order(order(f"o{number}"))
    fewer = structs.replace(document, benefit=GiftBenefit((Gift("T", stock=2),)))
    till.show({"p": fewer}, {})
    assert await refusal(till.order(order("o9"))) == "gift_out_of_stock"
