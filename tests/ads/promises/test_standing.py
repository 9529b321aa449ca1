"""Delivery rests while what an ad promises is not there, says why, and resumes by itself."""

import msgspec
import pytest
from tests.ads.shop import campaign, placement

from queqiao.decide.ads.caps.document import Cap
from queqiao.decide.ads.contracts import Creative
from queqiao.decide.ads.hot_state import keeping
from queqiao.decide.ads.promises.document import Promises
from queqiao.decide.ads.promises.standing import ALL_KEPT, Asked, Standing, asked_of, gone_of

BOTH = [Creative("tea", "茶", "/tea", sku="TEA"), Creative("pot", "壶", "/pot", sku="POT")]


def keep(shop, **standing):
    shop.hot = keeping(shop.hot, Standing(**standing))


async def winner(shop):
    answer = await shop.ask()
    ads = [(ad["campaign_id"], ad["creative"]["id"]) for ad in answer["decisions"]]
    return ads[0] if ads else answer["no_fill"][0]["reason"]


async def test_goods_out_of_stock_are_not_shown_and_come_back(shop):
    shop.show([placement()], [campaign("a", 100, creatives=BOTH), campaign("b", 50)])
    keep(shop, out_of_stock=frozenset({"TEA"}))
    assert {await winner(shop) for _ in range(20)} == {("a", "pot")}
    keep(shop, out_of_stock=frozenset({"TEA", "POT"}))
    assert await winner(shop) == ("b", "b-x")
    keep(shop)
    assert {await winner(shop) for _ in range(30)} == {("a", "tea"), ("a", "pot")}


@pytest.mark.parametrize("kind", ["promotions", "coupon_batches", "flash_sales"])
async def test_a_promise_that_cannot_be_kept_rests_its_campaign_alone(shop, kind):
    reason = "promotion_used_up"
    promising = campaign("a", 100, promises=Promises(**{kind: ["x", "y"]}))
    shop.show([placement()], [promising, campaign("b", 50)])
    assert (await winner(shop))[0] == "a"
    keep(shop, **{kind: {"y": reason}})
    answer = await shop.ask()
    (ad,) = answer["decisions"]
    assert ad["campaign_id"] == "b"
    why = await shop.why(ad["decision_id"])
    (out,) = [each for each in why["candidates"] if each["campaign_id"] == "a"]
    assert (out["outcome"], out["reason"]) == ("filtered", reason)
    assert why["replay"]["equal"]


async def test_a_place_stays_empty_for_promises_and_says_so(shop):
    shop.show([placement()], [campaign("a", 100, promises=Promises(promotions=["x"]))])
    keep(shop, promotions={"x": "promotion_not_live"})
    assert await winner(shop) == "promises"
    keep(shop)
    assert (await winner(shop))[0] == "a"


async def test_a_cap_and_stock_together_can_leave_nothing(shop):
    caps = [{"level": "creative", "times": 1, "per": "lifetime"}]
    document = msgspec.structs.replace(
        campaign("a", 100, creatives=BOTH).document, caps=msgspec.convert(caps, list[Cap])
    )
    live = campaign("a", 100)
    live.document = document
    shop.show([placement()], [live])
    keep(shop, out_of_stock=frozenset({"POT"}))
    assert await winner(shop) == ("a", "tea")
    assert await winner(shop) in {"frequency", "promises"}


async def test_what_is_published_meanwhile_is_judged_too(shop):
    keep(shop, out_of_stock=frozenset({"TEA"}))
    standing = shop.hot.standing
    shop.show([placement()], [campaign("a", 100, creatives=BOTH[:1])])
    shop.hot = keeping(shop.hot, standing)
    assert await winner(shop) == "promises"


def test_a_flash_sale_sells_out_item_by_item():
    named = campaign("a", 100, creatives=BOTH, promises=Promises(flash_sales=["s"])).document
    free = campaign("b", 100, creatives=BOTH[:1]).document
    campaigns = {"a": named, "b": free}
    assert gone_of(campaigns, Standing(sold_out_in={"s": frozenset({"TEA"})})) == {}
    both = Standing(sold_out_in={"s": frozenset({"TEA", "POT"})})
    assert gone_of(campaigns, both) == {"a": "out_of_stock"}
    over = Standing(flash_sales={"s": "flash_sale_not_live"})
    assert gone_of(campaigns, over) == {"a": "flash_sale_not_live"}
    assert gone_of(campaigns, ALL_KEPT) == {}


def test_all_that_is_promised_is_asked_about():
    promises = Promises(promotions=["p"], coupon_batches=["c"], flash_sales=["f"])
    documents = [
        campaign("a", 1, creatives=BOTH, promises=promises).document,
        campaign("b", 1).document,
    ]
    skus = frozenset({"TEA", "POT"})
    kinds = (skus, frozenset(), frozenset("p"), frozenset("c"), frozenset("f"))
    assert asked_of(documents) == Asked(*kinds)
    following = campaign("c", 1, creatives=BOTH[:1], bid_follows_margin=True).document
    assert asked_of([following]).priced == {"TEA"}
