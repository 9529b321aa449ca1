"""Replays of a world that is lived again in earnest: what they say is what comes."""

import numpy as np
import pytest
from tests.ads.replay.world import World, became

CHANGES = {
    "bid": lambda world: {"bids": {"c0": world.bids["c0"] * 3 // 2}},
    "lower bid": lambda world: {"bids": {"c0": world.bids["c0"] * 2 // 3}},
    "budget": lambda world: {"budgets": {"c0": 400}},
    "targeting": lambda world: {"segments": {"c0": ["new"]}},
    "floor": lambda world: {"floor": 70},
}


def numbers(estimate):
    return [estimate.impressions, estimate.clicks, estimate.cost_minor]


@pytest.mark.parametrize("seed", range(5))
def test_nothing_changed_is_what_happened_to_the_minor_unit(seed):
    world = World(seed, budget=600)
    slots = list(world.lived())
    result = world.replay(world, slots)
    assert result.unequal == 0
    whole, own = became(slots), became(slots, "c0")
    for told, came in ((result.placements[0], whole), (result.campaign, own)):
        before = told.before
        assert (before.impressions, before.clicks, before.cost_minor) == came[:3]
        for one, each in zip(numbers(told.after), came, strict=False):
            assert (one.low, one.expected, one.high) == (each, each, each)
        assert all(one.low == one.high == 0 for one in numbers(told.difference))


@pytest.mark.parametrize("change", CHANGES)
def test_intervals_hold_what_a_rerun_brings(change):
    within, seeds = np.zeros(4), 30
    for seed in range(seeds):
        world = World(seed, budget=700 if change == "bid" else 10**9)
        after = world.changed(**CHANGES[change](world))
        slots = list(world.lived())
        result = world.replay(after, slots)
        came = list(after.lived())
        told, truth = [result.placements[0].after.cost_minor], [became(came)[2]]
        told += numbers((result.campaign or result.placements[0]).after)
        truth += became(came, "c0" if result.campaign else None)[:3]
        within += [one.low <= each <= one.high for one, each in zip(told, truth, strict=True)]
    assert (within / seeds >= 0.9).all(), within / seeds
