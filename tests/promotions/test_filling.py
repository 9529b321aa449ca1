"""Bundles are filled as often as possible, and with the best units: against trying everything."""

from itertools import product

import hypothesis.strategies as st
from hypothesis import given, settings

from queqiao.decide.promotions.benefits.filling import Filling, Supply, most_times

ITEMS = 3
SUPPLIES = st.lists(
    st.builds(
        Supply,
        st.integers(1, 3),
        st.frozensets(st.integers(0, ITEMS - 1), max_size=ITEMS),
    ),
    max_size=4,
).filter(lambda supplies: sum(supply.quantity for supply in supplies) <= 7)
QUANTITIES = st.lists(st.integers(1, 2), min_size=ITEMS, max_size=ITEMS)


def units_of(supplies):
    return [(run, supply) for run, supply in enumerate(supplies) for _ in range(supply.quantity)]


def fillings(supplies, demands):
    """Yield every way to place units, as the runs of those that were placed."""
    units = units_of(supplies)
    for places in product([None, *range(len(demands))], repeat=len(units)):
        fits = all(
            place is None or place in supply.items
            for place, (_, supply) in zip(places, units, strict=True)
        )
        if fits and all(places.count(item) <= demand for item, demand in enumerate(demands)):
            yield [run for place, (run, _) in zip(places, units, strict=True) if place is not None]


@given(SUPPLIES, QUANTITIES)
@settings(max_examples=60, deadline=None)
def test_the_best_units_are_placed_and_as_many_as_there_can_be(supplies, demands):
    filling = Filling(supplies, demands)
    held = sorted(run for item in filling.held for run, count in item.items() for _ in range(count))
    best = max(fillings(supplies, demands), key=lambda runs: (len(runs), [-run for run in runs]))
    assert held == best
    assert filling.lacking == sum(demands) - len(best)
    for item, runs in enumerate(filling.held):
        assert all(item in supplies[run].items for run in runs)


@given(SUPPLIES, QUANTITIES, st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_the_number_of_bundles_is_the_largest_that_fills(supplies, quantities, times_max):
    times = most_times(supplies, quantities, times_max)

    def fills(count):
        demands = [count * quantity for quantity in quantities]
        return not Filling(supplies, demands).lacking

    assert times == max(count for count in range(times_max + 1) if fills(count))


def test_a_thousand_lines_and_twenty_items_that_want_the_same_are_quick():
    everything = frozenset(range(20))
    supplies = [Supply(100, everything) for _ in range(1_000)]
    assert most_times(supplies, [1] * 20, 100_000) == 5_000
