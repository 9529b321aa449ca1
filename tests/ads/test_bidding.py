"""Strategies: what every one of them keeps, and what each part of the predictive one computes."""

from dataclasses import replace

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from queqiao.decide.ads.bidding.catalogue import STRATEGIES
from queqiao.decide.ads.bidding.contracts import Budget, History, Outcome, Target, Values
from queqiao.decide.ads.bidding.delivery import Fixed, MaxDelivery
from queqiao.decide.ads.bidding.drift import drift
from queqiao.decide.ads.bidding.dual import Dual
from queqiao.decide.ads.bidding.market import Market, learned, price_level
from queqiao.decide.ads.bidding.pid import Pid
from queqiao.decide.ads.bidding.predictive import Predictive
from queqiao.decide.ads.bidding.reserve import kept
from queqiao.decide.ads.bidding.win_curve import win_curve

NUMBERS = st.just(0.0) | st.floats(1e-6, 1e6)
ROWS = st.integers(0, 12)


@st.composite
def outcomes(draw: st.DrawFn) -> Outcome:
    """A past tick; losers may not have been told the price."""
    rows = draw(ROWS)
    expected, bids, market = (
        np.array(draw(st.lists(NUMBERS, min_size=rows, max_size=rows))) for _ in range(3)
    )
    won = (bids >= market) & (bids > 0)
    told = market if draw(st.booleans()) else np.where(won, market, np.nan)
    costs, gained = np.where(won, market, 0.0), np.where(won, expected, 0.0)
    return Outcome(Values.certain(expected), bids, won, costs, gained, told)


MARKETS = st.sampled_from(
    [
        Market.unknown(6),
        replace(
            Market.unknown(6),
            levels=(0.5, 1.0, 2.0),
            daypart_ticks=2,
            weight_ticks=12.0,
            weight_dayparts=3.0,
        ),
    ]
)


BUDGETS = st.builds(
    lambda total, share: Budget(total, total * share), st.floats(1e-3, 1e6), st.floats(0, 1)
)


@given(
    strategy=st.builds(lambda name, market: STRATEGIES[name](market),
                       st.sampled_from(sorted(STRATEGIES)), MARKETS),
    expected=st.lists(NUMBERS, max_size=12),
    past=st.lists(outcomes(), max_size=5),
    budget=BUDGETS,
    target=st.none() | st.floats(1e-3, 1e6),
    late=st.integers(0, 4),
)  # fmt: skip
def test_a_bid_is_finite_and_never_above_what_is_left(  # noqa: PLR0917  # hypothesis names them
    strategy, expected, past, budget, target, late
) -> None:
    values = Values.certain(np.array(expected, dtype=float))
    history = History(tuple(past))
    for _ in range(2):  # the second finds what the first kept of the history
        bids = strategy.bids(len(past) + late, values, history, budget, Target(target))
        assert len(bids) == len(values)
        assert np.isfinite(bids).all()
        assert (bids >= 0).all()
        assert (bids <= budget.left).all()


def outcome(expected: list[float], market: list[float], bid: float) -> Outcome:
    values, prices = np.array(expected), np.array(market)
    bids = bid * values
    won = bids >= prices
    return Outcome(
        Values.certain(values),
        bids,
        won,
        np.where(won, prices, 0.0),
        np.where(won, values, 0.0),
        prices,
    )


NONE_WON = outcome([0.1] * 10, [5.0] * 10, 1.0)
ALL_WON = outcome([0.1] * 10, [5.0] * 10, 100.0)
NEXT = Values.certain(np.array([0.1]))
FLAT = (1.0,) * 4


@pytest.mark.parametrize("strategy", [Pid((0.25, 0.5, 0.75, 1.0)), Dual(FLAT)], ids=["pid", "dual"])
def test_controllers_raise_bids_when_behind_and_lower_them_when_ahead(strategy) -> None:
    def bid(past: Outcome) -> float:
        budget = Budget(100.0, 100.0 - past.cost)
        return float(strategy.bids(1, NEXT, History((past,)), budget, Target())[0])

    first = float(strategy.bids(0, NEXT, History(), Budget(100.0, 100.0), Target())[0])
    assert bid(NONE_WON) > first > bid(ALL_WON)


def test_the_dual_pacer_bids_by_the_smaller_multiplier() -> None:
    costly = outcome([0.01] * 10, [2.0] * 10, 300.0)  # 200 a value, and little of the plan
    history, budget = History((costly,)), Budget(1000.0, 980.0)
    free = Dual(FLAT, base=100.0).bids(1, NEXT, history, budget, Target())
    bound = Dual(FLAT, base=100.0).bids(1, NEXT, history, budget, Target.cpa(100.0))
    assert bound[0] < 0.1 * 100.0 < free[0]


def test_targets_are_one_bound_in_two_words() -> None:
    assert Target.cpa(25.0) == Target.roas(0.04)
    bids = Fixed().bids(0, NEXT, History(), Budget(100.0, 100.0), Target.roas(0.04))
    assert bids == pytest.approx([2.5])


def test_max_delivery_leaves_the_target_out() -> None:
    arguments = (1, NEXT, History((NONE_WON,)), Budget(100.0, 100.0))
    free = Predictive().bids(*arguments, Target())
    assert MaxDelivery(Predictive()).bids(*arguments, Target(1e-6)) == pytest.approx(free)


def test_a_win_curve_is_what_many_draws_say() -> None:
    generator = np.random.default_rng(5)
    prices, values = generator.lognormal(0, 0.3, 201), generator.lognormal(0, 0.6, 201)
    shapes = np.sort(values / values.mean()), np.sort(prices / np.median(prices))
    multiplier, mean, median = 40.0, 0.02, 0.7
    cost, value = win_curve(*shapes).of(
        np.array([multiplier]), np.array([500.0]), np.array([mean]), np.array([median])
    )
    wins = multiplier * mean * shapes[0][:, None] >= median * shapes[1]
    pays = (wins * median * shapes[1]).mean() * 500
    brings = (wins * mean * shapes[0][:, None]).mean() * 500
    assert cost[0] == pytest.approx(pays, rel=0.02)
    assert value[0] == pytest.approx(brings, rel=0.02)


def test_spending_by_level_is_the_curve_of_each_level() -> None:
    curve = win_curve(np.linspace(0.2, 1.8, 25), np.linspace(0.7, 1.4, 25))
    grid, levels = np.geomspace(1, 100, 30), np.array([0.01, 0.03])
    traffic, prices = np.array([100.0, 300.0]), np.array([0.5, 0.8])
    for spends, level in zip(curve.spends(grid, levels, traffic, prices), levels, strict=True):
        expected = curve.of(grid, traffic, np.full(2, level), prices)[0]
        assert spends == pytest.approx(expected, abs=0.02 * expected.max())


def test_what_is_kept_is_where_the_last_money_brings_as_much_later() -> None:
    """Beside the plain program: the derivative of the best expected value of a budget."""
    grid = np.geomspace(0.2, 50, 400)
    levels = np.array([0.5, 2.0])

    def spends(level: float) -> np.ndarray:  # value 2·√(level · spend): its slope is 1 / multiplier
        return level * grid**2

    keep = kept(grid, [np.array([spends(level) for level in levels])])
    budgets = np.geomspace(5, 300, 40)
    slopes = np.mean([np.sqrt(level / budgets) for level in levels], axis=0)
    assert np.interp(1 / slopes, grid, keep) == pytest.approx(budgets, rel=0.02)


def test_two_certain_dayparts_share_a_budget_by_one_multiplier() -> None:
    grid = np.geomspace(0.2, 50, 400)
    later = kept(grid, [np.array([grid**2]), np.array([3 * grid**2])])
    assert np.interp(10.0, grid, later) == pytest.approx(400.0, rel=0.02)
    assert kept(grid, []) == pytest.approx(np.zeros(400))


def test_a_price_is_found_although_losers_are_not_told() -> None:
    generator = np.random.default_rng(9)
    market = generator.lognormal(np.log(0.8), 0.25, 4000)
    bids = generator.uniform(0.5, 1.2, 4000)
    won = bids >= market
    values = Values.certain(np.ones(4000))
    paid = np.where(won, market, 0.0)
    told = Outcome(values, bids, won, paid, won * 1.0, market)
    untold = replace(told, market=np.where(won, market, np.nan), cache={})
    assert price_level(told) == pytest.approx(np.median(market))
    assert price_level(untold) == pytest.approx(0.8, rel=0.03)
    low = np.minimum(bids, 0.65)
    few = replace(untold, bids=low, market=np.where(low >= market, market, np.nan))
    assert price_level(few) == pytest.approx(0.8, rel=0.06)


def test_no_bid_tells_no_price() -> None:
    nothing = np.zeros(3)
    untold = Outcome(
        Values.certain(nothing), nothing, nothing > 0, nothing, nothing, nothing * np.nan
    )
    assert np.isnan(price_level(untold))


def test_a_market_is_what_days_have_in_common() -> None:
    def day(price: float, mean: float) -> History:
        return History(tuple(outcome([mean, 3 * mean], [price] * 2, 0.0) for _ in range(4)))

    market = learned([day(1.0, 0.1), day(4.0, 0.4)], daypart_ticks=2)
    assert market.traffic == (2.0,) * 4
    assert market.prices == pytest.approx((2.0,) * 4)
    assert (market.levels[0], market.levels[-1]) == pytest.approx((0.2, 0.8))
    assert market.price_shape == pytest.approx((1.0,) * len(market.price_shape))
    assert np.mean(market.value_shape) == pytest.approx(1.0)
    assert market.is_known
    assert not Market.unknown().is_known


def test_what_is_special_about_an_hour_fades_and_a_day_stays() -> None:
    ahead = np.array([0.0, 1.0, 100.0])
    assert drift(np.full(50, 0.3), ahead, 0.0) == pytest.approx([0.3] * 3)
    later = drift(np.array([0.0, 0.0, 0.6]), ahead, 1e9)
    assert later[0] > later[1] > later[2] == pytest.approx(0.0, abs=1e-6)
    assert drift(np.array([np.nan]), ahead, 1.0) == pytest.approx([0.0] * 3)


def test_more_money_bids_more_and_a_bound_bids_less() -> None:
    market = replace(Market.unknown(4), prices=(0.5,) * 4, levels=(0.01,), weight_ticks=8.0)
    values = Values.certain(np.random.default_rng(1).uniform(0.002, 0.02, 200))

    def bid(left: float, target: float | None = None) -> float:
        bids = Predictive(market).bids(0, values, History(), Budget(500.0, left), Target(target))
        return float(bids.sum())

    assert bid(20.0) < bid(80.0) < bid(320.0)
    assert bid(320.0, 25.0) < bid(320.0, 50.0) <= bid(320.0)


def test_what_one_strategy_kept_of_a_history_does_not_change_another() -> None:
    generator = np.random.default_rng(2)
    values = Values.certain(generator.uniform(0.002, 0.02, 60))
    bids = values.expected * 20
    untold, none = np.full(60, np.nan), np.zeros(60)
    narrow = replace(Market.unknown(4), weight_ticks=8.0, levels=(0.01,))
    wide = replace(narrow, price_shape=tuple(price**4 for price in narrow.price_shape))

    def bid(*markets: Market) -> float:
        history = History((Outcome(values, bids, none > 0, none, none, untold),))
        made = [
            Predictive(market).bids(1, values, history, Budget(9.0, 9.0), Target())
            for market in markets
        ]
        return float(made[-1].sum())

    assert bid(narrow) != bid(wide) == bid(narrow, wide)
