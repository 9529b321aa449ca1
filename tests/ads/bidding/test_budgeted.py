"""The budget-constrained bidder: its dynamic program, what it learns, and its bids."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from queqiao.decide.ads.bidding.budgeted.bidder import Budgeted, Exchange, Knowledge
from queqiao.decide.ads.bidding.budgeted.plan import Excess, Plan
from queqiao.decide.ads.bidding.budgeted.prices import Prices
from queqiao.decide.ads.bidding.budgeted.worth import Prior, Wins, Worth, learned
from queqiao.decide.ads.bidding.contracts import Budget, History, Outcome, Target, Values

PRICES = Prices(np.array([2.0, 5.0, 9.0]), np.array([0.5, 0.3, 0.2]))
QUALITY = np.array([0.8, 1.0, 1.3])
SAMPLES = np.array([0.1, 0.4, 0.4, 1.0, 3.0])


def exact(auctions: int, budget: int) -> np.ndarray:
    """Return V by enumerating each price and each sample, for whole budgets."""
    worth = np.zeros(budget + 1)
    for _ in range(auctions):
        after = worth.copy()
        for point, share, quality in zip(PRICES.points, PRICES.shares, QUALITY, strict=True):
            for money in range(int(point), budget + 1):
                gains = quality * SAMPLES + worth[money - int(point)] - worth[money]
                after[money] += share * np.maximum(gains, 0.0).mean()
        worth = after
    return worth


def test_the_plan_is_the_dynamic_program() -> None:
    excess = Excess.of(SAMPLES, np.ones(5))
    plan = Plan.solve(30, 128, PRICES, QUALITY, excess)
    assert plan.worth[-1] == pytest.approx(exact(30, 128), rel=2e-3)


def test_more_money_and_more_auctions_are_never_worth_less() -> None:
    plan = Plan.solve(1000, 400, PRICES, QUALITY, Excess.of(SAMPLES, np.ones(5)))
    assert (np.diff(plan.worth, axis=0) >= -1e-9).all()
    assert (np.diff(plan.worth, axis=1) >= -1e-9).all()


@given(
    some.lists(some.floats(0.01, 100), min_size=1, max_size=30),
    some.floats(0, 1),
)
def test_excess_is_the_mean_above(samples: list[float], part: float) -> None:
    x, cost = np.array(samples), part * max(samples)
    exactly = np.maximum(x - cost, 0).mean()
    assert Excess.of(x, np.ones(len(x)))(np.array([cost]))[0] == pytest.approx(
        exactly, abs=0.004 * max(samples)
    )


@given(some.lists(some.integers(0, 50), min_size=1, max_size=301).filter(any))
def test_few_points_keep_the_mean_price(counts: list[int]) -> None:
    prices = Prices.of_counts(counts)
    mean = np.average(np.arange(len(counts)), weights=counts)
    assert prices.shares.sum() == pytest.approx(1)
    assert prices.points @ prices.shares == pytest.approx(mean)
    assert (np.diff(prices.points) > 0).all()


@given(some.lists(some.integers(1, 50), min_size=2, max_size=31))
def test_prices_paid_as_bid_are_dearer_and_never_above_the_highest(counts: list[int]) -> None:
    prices = Prices.of_counts(counts)
    paid = prices.paid_as_bid()
    assert (np.diff(paid.points) >= -1e-9).all()
    assert paid.points[-1] <= prices.points[-1]
    assert paid.points @ paid.shares >= prices.points @ prices.shares - 1e-9


def test_even_prices_paid_as_bid_are_twice_as_dear() -> None:
    paid = Prices.of_counts(np.ones(1000), points=100).paid_as_bid()
    assert paid.points[10:45] == pytest.approx(2 * np.arange(105, 455, 10), rel=0.03)


def test_what_was_won_teaches_what_it_is_worth() -> None:
    chance = np.random.default_rng(5)
    lifts, prices = chance.normal(0, 1, 40_000), chance.normal(0, 1, 40_000)
    clicks = (chance.random(40_000) < 1 / (1 + np.exp(4 - 1.6 * lifts - 0.4 * prices))).astype(
        float
    )
    worth = learned(Wins(lifts, prices, clicks), Prior())
    assert worth.shape == pytest.approx(1.6, abs=0.1)
    assert worth.price_power == pytest.approx(0.4, abs=0.1)


def test_nothing_won_leaves_the_prior() -> None:
    assert learned(Wins(), Prior()) == Worth()
    lost = Wins(np.zeros(5), np.zeros(5), np.zeros(5))
    assert learned(lost, Prior()) == Worth()


def bidder() -> Budgeted:
    return Knowledge(Exchange(PRICES, 0.5, 20)).strategy(50, 60)


@given(
    some.integers(0, 60),
    some.floats(0, 60),
    some.lists(some.floats(0, 1e6), max_size=5),
)
def test_bids_are_whole_and_at_most_what_is_left(
    tick: int, left: float, expected: list[float]
) -> None:
    values = Values.certain(np.array(expected))
    bids = bidder().bids(tick, values, History(), Budget(60, left), Target())
    assert len(bids) == len(expected)
    assert ((bids >= 0) & (bids <= min(20, left)) & (bids % 1 == 0)).all()


def test_better_impressions_get_higher_bids_and_the_last_gets_all() -> None:
    values = Values.certain(np.array([0.01, 0.1, 0.5, 2.0, 20.0]))
    first = bidder().bids(0, values, History(), Budget(60, 60), Target())
    last = bidder().bids(49, values, History(), Budget(60, 13), Target())
    assert (np.diff(first) >= 0).all()
    assert first[0] < first[-1]
    assert (last == 13).all()


def test_a_bidder_sees_no_price_that_it_did_not_pay() -> None:
    knowledge = Knowledge(Exchange(PRICES, 0.5, 20))
    days = [
        History((Outcome(Values.certain(np.array([0.3, 0.7])), np.array([1.0, 6.0]),
                         np.array([False, True]), np.array([0.0, 5.0]), np.array([0.0, 1.0]),
                         np.array([market, 5.0])),))
        for market in (3.0, 300.0)
    ]  # fmt: skip
    one, other = (knowledge.after(day) for day in days)
    assert one.worth == other.worth != Worth()
    assert (one.seen == other.seen).all()
    assert len(one.seen) == len(knowledge.seen) + 2


def test_a_day_without_auctions_teaches_nothing() -> None:
    knowledge = Knowledge(Exchange(PRICES, 0.5, 20))
    assert knowledge.after(History()) is knowledge
