"""Bid shading: the curve it learns from either kind of notice, and the bid it makes of it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from queqiao.decide.ads.bidding.shading import Shading, half_at, rising


def taught(told: bool, count: int = 20_000) -> Shading:
    """Return what has bid in a market whose prices are even from 0 to 100."""
    shading, chance = Shading(1.0, 300.0, half_at(20.0)), np.random.default_rng(3)
    for value, price, draw in chance.random((count, 3)) * (300.0, 100.0, 1.0):
        bid = shading.price(value, 1.0 if told else draw)
        if bid:
            shading.notice(bid, bid >= price, price if told else None)
    return shading


@pytest.mark.parametrize(("told", "near"), [(True, 0.02), (False, 0.1)])
def test_the_curve_is_the_markets(told: bool, near: float) -> None:
    shading = taught(told)
    used = (shading.bids > 5) & (shading.bids < 95)
    assert np.abs(shading.chances[used] - shading.bids[used] / 100).mean() < near


@pytest.mark.parametrize(("told", "most"), [(True, 0.99), (False, 0.93)])
def test_the_bid_brings_nearly_the_most_that_one_can_have(told: bool, most: float) -> None:
    shading = taught(told)
    for value in (20.0, 60.0, 120.0, 250.0):
        bid, best = shading.price(value), min(value / 2, 100.0)
        had, could = ((value - b) * min(b / 100, 1.0) for b in (bid, best))
        assert had >= most * could


def test_it_follows_a_market_that_moves() -> None:
    shading = taught(told=True)
    for price in np.random.default_rng(4).random(100_000) * 20:
        shading.notice(10.0, bool(price <= 10.0), float(price))
    assert shading.price(200.0) == pytest.approx(20.0, rel=0.05)


def test_minimums_beyond_all_bids_are_losses() -> None:
    shading = Shading(1.0, 10.0, half_at(5.0))
    for _ in range(1280):
        shading.notice(5.0, False, 1e9)
    assert shading.chances.max() < 0.01


@given(some.floats(0, 1e9), some.floats(0, 1))
def test_a_bid_is_never_above_what_it_is_worth(value: float, draw: float) -> None:
    bid = Shading(2.0, 300.0, half_at(50.0)).price(value, draw)
    assert 0 <= bid <= min(value, 300.0) or (draw < 1 and bid <= value)
    assert bid == 0 or bid >= min(2.0, value)


@given(
    some.lists(
        some.tuples(some.floats(0, 400), some.booleans(), some.none() | some.floats(0, 400)),
        max_size=400,
    )
)
def test_chances_always_rise_from_0_to_1(notices: list[tuple[float, bool, float | None]]) -> None:
    shading = Shading(1.0, 300.0, half_at(50.0))
    for bid, won, minimum in notices:
        shading.notice(bid, won, minimum)
    assert (np.diff(shading.chances) >= -1e-12).all()
    assert shading.chances[0] >= 0
    assert shading.chances[-1] <= 1


@given(some.lists(some.tuples(some.floats(0, 1), some.floats(0.1, 9)), min_size=1, max_size=40))
def test_pooled_rates_rise_and_keep_within(pairs: list[tuple[float, float]]) -> None:
    rates, weights = np.array(pairs).T
    pooled = rising(rates, weights)
    assert (np.diff(pooled) >= -1e-12).all()
    assert rates.min() - 1e-12 <= pooled.min() <= pooled.max() <= rates.max() + 1e-12


def test_rates_that_rise_already_stay() -> None:
    rates = np.array([0.1, 0.2, 0.7])
    assert rising(rates, np.ones(3)) == pytest.approx(rates)


@pytest.mark.parametrize(("lowest", "highest"), [(0.0, 1.0), (2.0, 1.0)])
def test_bounds_in_the_wrong_order_are_refused(lowest: float, highest: float) -> None:
    with pytest.raises(ValueError, match="lowest"):
        Shading(lowest, highest, half_at(1.0))
