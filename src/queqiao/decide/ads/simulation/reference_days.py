"""Days of a market to try strategies on where there are no logs: drawn from a known usual day.

Each day has its own traffic, its own level of prices, and values whose level changes between
dayparts, as the public AuctionNet days do (``auctionnet_market.py``). One seed gives the same days
again; none of them is a day of the public set.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from queqiao.decide.ads.bidding.contracts import Floats
from queqiao.decide.ads.bidding.market import Market
from queqiao.decide.ads.simulation.auctionnet_market import USUAL
from queqiao.decide.ads.simulation.episodes import Episode

DAYS = 4
ADVERTISERS = 4
IMPRESSIONS = 20_000
"""Of a day; a fifth of a public one."""
BUSIER, DEARER = 0.2, 0.2
"""How far days differ in traffic of an hour and in prices (deviation of the logarithm)."""
BOUGHT = (0.08, 0.25)
"""Budgets buy from the one to the other share of the day at the usual price."""
TARGETS = (1.1, 2.0)
"""Targets are so many times what a conversion costs on the average of the whole market."""


def reference_days(seed: int, market: Market = USUAL) -> list[Episode]:
    """Return the days of a seed."""
    chance = np.random.default_rng(seed)
    return [_day(f"reference {number}", market, chance) for number in range(DAYS)]


def _day(name: str, market: Market, chance: np.random.Generator) -> Episode:
    usual = np.array(market.traffic) / sum(market.traffic) * IMPRESSIONS
    counts = chance.poisson(usual * np.exp(chance.normal(0, BUSIER, market.ticks)))
    counts = np.maximum(counts, 1)
    tick = np.repeat(np.arange(market.ticks), counts)
    dear = np.exp(chance.normal(0, DEARER))
    shape = chance.choice(np.array(market.price_shape), len(tick))
    prices = np.array(market.prices)[tick] * dear * shape
    expected = np.stack([_values(market, tick, chance) for _ in range(ADVERTISERS)], axis=1)
    budgets = prices.sum() * chance.uniform(*BOUGHT, ADVERTISERS)
    whole = prices.sum() / expected.sum(axis=0)
    return Episode(
        name,
        np.concatenate(([0], np.cumsum(counts))),
        prices,
        expected,
        np.zeros_like(expected),
        budgets,
        whole * chance.uniform(*TARGETS, ADVERTISERS),
    )


def _values(market: Market, tick: NDArray[np.int64], chance: np.random.Generator) -> Floats:
    dayparts = -(-market.ticks // market.daypart_ticks)
    levels = chance.choice(np.array(market.levels), dayparts)
    shape = chance.choice(np.array(market.value_shape), len(tick))
    found: Floats = levels[tick // market.daypart_ticks] * shape
    return found


def advertisers(days: list[Episode]) -> Iterator[tuple[Episode, int]]:
    """Yield each advertiser of each day."""
    for day in days:
        for advertiser in range(day.advertisers):
            yield day, advertiser
