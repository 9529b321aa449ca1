"""What a quote says beforehand of promotions whose uses or money are gone."""

from tests.promotions.redemptions.test_redeeming import order, promotion
from tests.promotions.till import NOW_US

from queqiao.decide.promotions.redemptions.used_up import read_used_up
from queqiao.decide.promotions.restraints import FREE
from queqiao.kernel.clock import DAY_US

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
    assert [item["promotion_id"] for item in answer["applied"]] == ["q"]
    assert answer["refused"] == [{"promotion_id": "p", "reason": "promotion_used_up", "name": "p"}]


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
