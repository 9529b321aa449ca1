"""A learned reserve: for each hour of the day, the floor that would have earned the most.

In a second-price auction a floor between the best bid and the next one raises the price, and one
above the best bid sells nothing. How the two weigh against each other depends on how bids are
distributed (Myerson, "Optimal auction design", 1981); it is learned from logged auctions by running
each of them again under each candidate, which counts what really is paid (Mohri and Medina,
"Learning theory and algorithms for revenue optimization in second-price auctions with reserve",
ICML 2014; in the field: Ostrovsky and Schwarz, "Reserve prices in internet advertising auctions",
EC 2011).

An hour with few auctions leans on the whole day, and a floor is taken only where what it adds is
surely more than nothing: the candidate with the best lower bound, or the placement's own floor.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from queqiao.decide.ads.auction import Award, Bid, Slot, run

Floats = npt.NDArray[np.float64]

HOURS = 24
CANDIDATES = 24
"""So many floors are tried: quantiles of what the best bids are worth."""

DAY_WEIGHT = 150
"""An hour of so many auctions counts as much as the whole day."""

SURE = 2.6
"""So many standard errors above nothing is surely more: many floors are tried in many hours."""

AUCTIONS_MIN = 200
"""With fewer auctions seen, nothing is learned."""


class Seen(NamedTuple):
    """One logged auction at the placement's own floor, at an hour of the shop's day."""

    hour: int
    bids: Sequence[Bid]
    draw: int
    slot: Slot


def learned(seen: Sequence[Seen], base_minor: int, max_minor: int | None = None) -> list[int]:
    """Return the floor for a click by hour: from ``base_minor`` to ``max_minor``."""
    nothing = [base_minor] * HOURS
    if len(seen) < AUCTIONS_MIN:
        return nothing
    floors = candidates(seen, base_minor, max_minor)
    if not floors:
        return nothing
    added = gains(seen, floors, base_minor)
    hours = np.array([one.hour for one in seen])
    day, spread = added.mean(axis=0), added.std(axis=0)
    found = []
    for hour in range(HOURS):
        mine = added[hours == hour]
        weight = len(mine) + DAY_WEIGHT
        mean = (mine.sum(axis=0) + DAY_WEIGHT * day) / weight
        surely = mean - SURE * spread / np.sqrt(weight)
        best = int(surely.argmax())
        found.append(floors[best] if surely[best] > 0 else base_minor)
    return found


def candidates(seen: Sequence[Seen], base_minor: int, max_minor: int | None) -> list[int]:
    """Return the floors above the placement's own that are tried, in their order."""
    best = [max(bid.click_minor for bid in one.bids) for one in seen if one.bids]
    if not best:
        return []
    shares = (np.arange(CANDIDATES) + 0.5) / CANDIDATES
    found = {int(each) for each in np.quantile(np.array(best, np.float64), shares)}
    most = max(found) if max_minor is None else max_minor
    return sorted(each for each in found if base_minor < each <= most)


def gains(seen: Sequence[Seen], floors: Sequence[int], base_minor: int) -> Floats:
    """Return what each floor adds to each auction, in minor units for a thousand impressions."""
    table = np.empty((len(seen), len(floors)))
    for row, one in enumerate(seen):
        before = revenue(one, base_minor)
        table[row] = [revenue(one, floor) - before for floor in floors]
    return table


def revenue(one: Seen, floor_minor: int) -> int:
    """Return what an auction brings at a floor, in minor units for a thousand impressions."""
    award = run(one.bids, floor_minor, one.draw, one.slot)
    return _thousand_minor(award, one.slot.percent) if award is not None else 0


def _thousand_minor(award: Award, percent: int) -> int:
    bid = award.bid
    is_per_thousand = bid.pricing in {"cpm", "ocpm"}
    return award.price_minor if is_per_thousand else bid.thousand_minor(award.price_minor, percent)
