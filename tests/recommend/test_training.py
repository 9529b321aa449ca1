"""Training from a real warehouse: who is seen together, and how popularity fades."""

import pytest
from tests.profile.conftest import NOW_US, Shop, shop

from queqiao.decide.recommend import ranking
from queqiao.decide.recommend.model import encode_model, load_model
from queqiao.decide.recommend.training import HALF_LIFE_DAYS, train, within_bound

__all__ = ["shop"]


async def test_a_model_is_trained_from_views_and_orders(shop: Shop):
    for visit in range(3):
        await shop.event("cy", 1, sku="p1", session_id=f"v{visit}")
        await shop.event("cy", 1, sku="p9", session_id=f"v{visit}")
    await shop.sold("dee", 2, "o8", 100, sku="p1", quantity=1)
    await shop.sold("dee", 1, "o9", 100, sku="case", quantity=1)
    packed = await train(shop.warehouse, NOW_US)
    model = load_model(encode_model(packed))
    found = ranking.candidates(model, ["p1"], (), 2)
    assert [(c.sku, c.reason.kind) for c in found][:2] == [
        ("case", "bought_together"),
        ("p9", "viewed_together"),
    ]


async def test_popularity_halves_in_its_half_life(shop: Shop):
    await shop.event("cy", 0, sku="today")
    await shop.event("cy", HALF_LIFE_DAYS, sku="a week ago")
    packed = await train(shop.warehouse, NOW_US)
    scores = dict(zip([packed.skus[i] for i in packed.popular], packed.popular_scores, strict=True))
    assert scores["a week ago"] / scores["today"] == pytest.approx(0.5, rel=1e-3)


async def test_without_events_there_is_no_model(shop: Shop):
    assert await train(shop.warehouse, 0) is None


async def test_a_store_of_past_years_is_learnt_from_all_the_same(shop: Shop):
    years_later = NOW_US + 9 * 365 * 86_400_000_000
    packed = await train(shop.warehouse, years_later)
    assert encode_model(packed) == encode_model(await train(shop.warehouse, NOW_US))


def test_of_long_sessions_so_many_are_learnt_from_as_memory_has_room_for():
    long, short = [str(number) for number in range(50)], ["a", "b"]
    assert within_bound([long, short, long], 1225 + 1) == [long, short]
    assert within_bound([long, short], 1224) == []
    assert within_bound([], 1224) == []
