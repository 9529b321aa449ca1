"""Statistics against published figures, their laws, and that intervals cover at their rate."""

import random
import statistics
from math import sqrt

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from queqiao.measure.inference.comparing import (
    Sample,
    customers_needed,
    newcombe,
    ratio_p_value,
    relative,
    share,
    welch,
    wilson,
)
from queqiao.measure.inference.distributions import (
    incomplete_beta,
    student_cdf,
    student_quantile,
)
from queqiao.measure.promotion_effect.lift import Side, Sides, lift

SLEEP = (
    [7, -16, -2, -12, -1, 34, 37, 8, 0, 20],
    [19, 8, 11, 1, -1, 44, 55, 16, 46, 34],
)
"""Student's own data of 1908, in tenths of an hour; R prints their Welch interval."""


def sample(values):
    return Sample(len(values), sum(values), sum(value * value for value in values))


@pytest.mark.parametrize(
    ("freedom", "expected"),
    [(1, 12.7062047), (2, 4.3026527), (5, 2.5705818), (10, 2.2281389), (30, 2.0422725),
     (120, 1.9799304), (1e9, 1.9599640)],
)  # fmt: skip
def test_quantiles_of_student_are_those_of_the_tables(freedom, expected):
    assert student_quantile(0.975, freedom) == pytest.approx(expected, abs=1e-6)


@given(st.floats(0.5, 500), st.floats(0.5, 0.9999))
@example(32.0, 0.5000000000000001)
@example(0.5, 0.50000001)
def test_a_quantile_is_where_its_probability_is(freedom, probability):
    found = student_quantile(probability, freedom)
    assert student_cdf(found, freedom) == pytest.approx(probability, abs=1e-9)
    assert student_cdf(-found, freedom) == pytest.approx(1 - probability, abs=1e-9)


EXACT = st.integers(0, 2**20).map(lambda parts: parts / 2**20)
"""Shares whose complement is exact: near 0 the function is steep, and a rounded one is another."""


@given(EXACT, st.floats(0.1, 80), st.floats(0.1, 80))
def test_the_incomplete_beta_function_is_its_own_reflection(x, a, b):
    one, other = incomplete_beta(x, a, b), incomplete_beta(1 - x, b, a)
    assert 0 <= one <= 1
    assert one + other == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize(("x", "a", "b", "expected"), [(0.3, 1, 1, 0.3), (0.5, 2, 2, 0.5),
                                                       (0.25, 1, 3, 1 - 0.75**3)])  # fmt: skip
def test_the_incomplete_beta_function_where_it_is_known(x, a, b, expected):
    assert incomplete_beta(x, a, b) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_shares_have_the_intervals_of_newcombes_table(one, other, low, high):
    found = newcombe(share(*one), share(*other))
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-4)


def test_means_have_the_interval_that_r_prints():
    found = welch(*map(sample, SLEEP))
    assert found.value == pytest.approx(-15.8)
    assert (found.low, found.high) == pytest.approx((-33.654832, 2.054832), abs=1e-5)


def test_a_ratio_of_arms_that_chance_does_not_give():
    assert ratio_p_value(815_482, 815_482 + 821_588, 0.5) == pytest.approx(1.8e-6, rel=0.02)
    assert ratio_p_value(50, 1_000, 0.05) == 1
    assert ratio_p_value(3, 60, 0.05) is None


def test_a_size_is_the_rule_of_sixteen():
    """Two equal arms need about 16 s² / d² customers each, for a power of 80 %."""
    arm = Sample(1_000, 0, 999 * 4)  # of mean 0 and variance 4
    assert customers_needed(arm, arm, 0.5) == pytest.approx(2 * 15.698 * 4 / 0.25, abs=1)
    assert customers_needed(arm, arm, 0) is None
    assert customers_needed(Sample(1, 0, 0), arm, 1) is None


def test_where_the_other_mean_may_be_0_no_end_is_known():
    nothing = sample([0] * 99 + [1])
    found = relative(sample([1] * 50 + [0] * 50), nothing)
    assert (found.low, found.high) == (None, None)
    assert relative(nothing, sample([0] * 10)) is None


values = st.lists(st.integers(-(10**12), 10**12), min_size=2, max_size=30)


@given(values)
def test_a_variance_of_sums_is_that_of_the_values(given_):
    assert sample(given_).variance == pytest.approx(statistics.variance(given_), rel=1e-9)


@given(values, values)
def test_a_difference_turned_round_is_its_negative(one, other):
    forth, back = welch(sample(one), sample(other)), welch(sample(other), sample(one))
    assert forth.value == -back.value
    assert forth.low == pytest.approx(-back.high)
    assert forth.low <= forth.value <= forth.high


counts = st.integers(0, 400).flatmap(
    lambda count: st.tuples(st.just(count), st.integers(max(count, 1), 500))
)


@given(counts, counts)
def test_a_difference_of_shares_stays_within_what_shares_can(one, other):
    forth, back = newcombe(share(*one), share(*other)), newcombe(share(*other), share(*one))
    assert -1 - 1e-12 <= forth.low <= forth.value <= forth.high <= 1 + 1e-12
    assert (forth.low, forth.high) == pytest.approx((-back.high, -back.low), abs=1e-12)
    low, high = wilson(share(*one))
    assert 0 <= low <= one[0] / one[1] <= high <= 1


TRIALS = 500
RATE, HELD_RATE = 0.20, 0.15
PRICE, HELD_PRICE = 90, 100
"""In the simulated shop a promotion takes a tenth off and brings a third more buyers."""


def customers(chance, count, rate, price):
    """Return a side of customers of whom some buy, one or two times, goods of skewed prices."""
    side, amounts = [], []
    for _ in range(count):
        orders = (1 + (chance.random() < 0.2)) if chance.random() < rate else 0
        side.append(orders)
        amounts.append(sum(int(price * chance.lognormvariate(0, 0.5)) for _ in range(orders)))
    return Side(
        customers=count, buyers=sum(one > 0 for one in side), orders=sum(side),
        orders_squared=sum(one * one for one in side), revenue=sum(amounts),
        revenue_squared=sum(one * one for one in amounts), margin=sum(amounts),
        margin_squared=sum(one * one for one in amounts), known=1,
    )  # fmt: skip


def test_intervals_cover_the_truth_at_their_rate():
    """In 500 shops with 800 treated and 150 held back, 95 % of the intervals hold the truth.

    With 500 trials the rate itself is known to within 2 %: three of its standard errors.
    """
    chance = random.Random(7)
    mean = 2.718281828**0.125  # of the skewed prices; the cut to whole units takes a half off
    truth = {
        "conversion": RATE - HELD_RATE,
        "orders": 1.2 * (RATE - HELD_RATE),
        "revenue": 1.2 * (RATE * (PRICE * mean - 0.5) - HELD_RATE * (HELD_PRICE * mean - 0.5)),
    }
    held = dict.fromkeys(truth, 0)
    for _ in range(TRIALS):
        sides = Sides(
            customers(chance, 800, RATE, PRICE), customers(chance, 150, HELD_RATE, HELD_PRICE)
        )
        found = {one.metric: one.difference for one in lift(sides, None, 0.1).comparisons}
        for metric, expected in truth.items():
            held[metric] += found[metric].low <= expected <= found[metric].high
    spread = 3 * sqrt(0.95 * 0.05 / TRIALS)
    for metric, count in held.items():
        assert abs(count / TRIALS - 0.95) <= spread, (metric, count)


def test_where_nothing_differs_a_verdict_is_wrong_once_in_twenty():
    chance = random.Random(8)
    wrong = 0
    for _ in range(TRIALS):
        sides = Sides(*(customers(chance, count, 0.2, 100) for count in (800, 150)))
        (found,) = [one for one in lift(sides, None, 0.1).comparisons if one.metric == "conversion"]
        wrong += found.verdict != "unclear"
    assert wrong / TRIALS <= 0.05 + 3 * sqrt(0.95 * 0.05 / TRIALS)
