"""What a quote says beforehand of promotions whose uses or money are gone."""

import pytest
from tests.promotions.redemptions.test_redeeming import order, promotion
from tests.promotions.till import NOW_US

from queqiao.decide.promotions.redemptions.used_up import read_used_up
from queqiao.decide.promotions.restraints import FREE
from queqiao.kernel.clock import DAY_US
from queqiao.kernel.errors import InvalidInput

CART = {"cart": {"lines": [{"sku": "A"}]}, "customer": {"id": "u9"}}


async def look(till, now_us=NOW_US):
    offers = till.shop.promotions.offers
    found = await read_used_up(till.ledger, offers, now_us, "Asia/Shanghai")
    till.shop = till.shop._replace(restraints=found)
    return found


async def test_a_quote_shows_what_is_used_up(till):
    till.show({"p": promotion(total=1), "q": promotion(500, budget=800)}, {})
    assert await look(till) == FREE
    await till.order(order())
    assert (await look(till)).refused == {"p": "promotion_used_up"}
    answer = await till.post("quote", CART)
    assert answer["applied"] == []
    assert answer["refused"] == [
        {"promotion_id": "p", "reason": "promotion_used_up", "name": "p", "left": 0},
        {"promotion_id": "q", "reason": "budget_used_up", "name": "p", "left": 300},
    ]


async def test_a_quote_gives_the_rest_of_a_budget(till):
    till.show({"p": promotion(budget=1_300, budget_end="reduce")}, {})
    await till.order(order())
    await look(till)
    assert (await till.post("quote", CART))["totals"]["discount"] == 300


async def test_a_new_day_has_new_uses(till):
    till.show({"p": promotion(per_day=1)}, {})
    await till.order(order())
    assert (await look(till)).refused == {"p": "promotion_day_used_up"}
    assert (await look(till, NOW_US + DAY_US)).refused == {}


async def test_drafts_are_free_of_it(till):
    till.show({"p": promotion(total=1)}, {})
    await till.order(order())
    await look(till)
    inline = {"id": "p", "name": "p", "benefit": {"type": "fixed", "amount": 1_000}}
    answer = await till.post("quote", {**CART, "promotions": [inline]})
    assert answer["totals"]["discount"] == 1_000


async def test_unbounded_promotions_cost_no_question(till):
    till.show({f"p{n}": promotion(budget=5, budget_end="go_on") for n in range(3)}, {})

    class Silent:
        async def balances(self, counters):
            raise AssertionError(counters)

    offers = till.shop.promotions.offers
    assert await read_used_up(Silent(), offers, NOW_US, "Asia/Shanghai") == FREE


EUROS = {
    "order_id": "o2",
    "question": {
        "cart": {"lines": [{"sku": "E", "quantity": 2}]},
        "currency": "EUR",
        "customer": {"id": "u1"},
    },
}


async def test_a_budget_without_a_currency_is_in_the_shop_s(till):
    till.show({"p": promotion(100, budget=150)}, {})
    answer = await till.post("quote", EUROS["question"])
    assert answer["totals"]["discount"] == 0
    placed = await till.order(EUROS)
    assert placed["discount"] == 0
    given = {"order_id": "o3", "currency": "EUR", "applied": [{"promotion_id": "p", "amount": 1}]}
    with pytest.raises(InvalidInput):
        await till.order(given)
    assert await till.spent("promotion:p:budget") == [(0, 0)]


async def test_money_of_two_currencies_is_counted_apart_and_comes_back_so(till):
    till.show({"p": promotion(100)}, {})
    await till.order(order("o1", commit=True))
    placed = await till.order({**EUROS, "commit": True})
    counters = ("promotion:p:budget", "promotion:p:budget:EUR", "promotion:p:total")
    assert await till.spent(*counters) == [(0, 100), (0, 100), (0, 2)]
    body = {"request_id": "r", "promotions": [{"promotion_id": "p", "amount": 40}]}
    await till.redemption("POST", "return", body, name=placed["id"])
    assert await till.spent(*counters) == [(0, 100), (0, 60), (0, 2)]
    till.show({"p": promotion(100, budget=150)}, {})
    assert (await till.post("quote", CART))["refused"][0]["left"] == 50, "of yuan alone"
