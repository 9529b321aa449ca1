"""Whether promotions, coupons and flash sales can still give, on the real ledger and records."""

from tests.promotions.coupons.test_personal import claim
from tests.promotions.coupons.test_personal import show as show_claims
from tests.promotions.redemptions.test_redeeming import order, promotion
from tests.promotions.till import NOW_US

from queqiao.decide.promotions.still_giving import batches_ended, promotions_ended, sales_ended
from queqiao.kernel.clock import DAY_US, HOUR_US, format_rfc3339


async def ended(till, *asked, now_us=NOW_US):
    live = till.shop.promotions
    return await promotions_ended(asked, live, till.ledger, now_us, "Asia/Shanghai")


async def batch_ended(till, batch_id, now_us=NOW_US):
    book = till.shop.promotions.code_book
    found = await batches_ended([batch_id], book, till.ledger, till.records, now_us)
    return found.get(batch_id)


async def test_a_promotion_ends_with_its_uses_and_gives_again_when_they_come_back(till):
    till.show({"p": promotion(total=1), "q": promotion(500, budget=800)}, {})
    assert await ended(till, "p", "q") == {}
    placed = await till.order(order())
    assert await ended(till, "p", "q") == {"p": "used_up"}
    await till.redemption("POST", "release", name=placed["id"])
    assert await ended(till, "p", "q") == {}


async def test_what_is_not_live_or_not_now_gives_nothing(till):
    later = promotion()
    later = type(later)(name="p", benefit=later.benefit, starts_at=format_rfc3339(NOW_US + HOUR_US))
    till.show({"p": later}, {})
    assert await ended(till, "p", "gone") == {"p": "not_live", "gone": "not_live"}
    assert await ended(till, "p", now_us=NOW_US + HOUR_US) == {}


async def test_a_day_s_uses_end_with_the_day(till):
    till.show({"p": promotion(per_day=1)}, {})
    await till.order(order())
    assert await ended(till, "p") == {"p": "used_up"}
    assert await ended(till, "p", now_us=NOW_US + DAY_US) == {}


async def test_coupons_end_with_the_last_claim(till):
    show_claims(till, count=2, claim_ends_at=format_rfc3339(NOW_US + HOUR_US))
    assert await batch_ended(till, "b") is None
    await claim(till, "u1")
    assert await batch_ended(till, "b") is None
    await claim(till, "u2")
    assert await batch_ended(till, "b") == "used_up"
    assert await batch_ended(till, "b", NOW_US + HOUR_US) == "not_live"
    assert await batch_ended(till, "unknown") == "not_live"


async def test_codes_end_with_the_uses_of_their_batch(till):
    till.listed("CODE-1", "CODE-2", uses_total=1)
    assert await batch_ended(till, "welcome") is None
    await till.use("redeem", "CODE-1")
    assert await batch_ended(till, "welcome") == "used_up"


async def test_a_flash_sale_ends_with_its_last_piece(till):
    till.flash(stock=1, skus=("A", "B"))

    async def look(now_us=NOW_US):
        return await sales_ended(["s"], till.sales, till.ledger, now_us)

    assert await look() == ({}, {"s": frozenset()})
    await till.hold("r1", sku="A")
    assert await look() == ({}, {"s": frozenset({"A"})})
    await till.hold("r2", sku="B")
    assert (await look()).sales == {"s": "used_up"}
    await till.ledger.expire(NOW_US + HOUR_US - 1)
    assert (await look()).sales == {}
    assert (await look(NOW_US - 2 * HOUR_US)).sales == {}
    assert (await look(NOW_US + 2 * HOUR_US)).sales == {"s": "not_live"}
    assert (await sales_ended(["t"], till.sales, till.ledger, NOW_US)).sales == {"t": "not_live"}
