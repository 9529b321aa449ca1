"""The auction: second price per click, ranked by bid times predicted click rate. Pure integers.

The winner pays for a click the least amount of minor units with which it would still have won: at
least the floor, and at most its bid. Equal scores are put in order by the random draw, each order
equally likely, whatever the order of the bids.
"""

from collections.abc import Iterable
from hashlib import blake2b
from itertools import pairwise
from operator import attrgetter

from msgspec import Struct

DRAW_BITS = 53
"""A draw is an integer of this many random bits: what every JSON reader can hold exactly."""


_score = attrgetter("score")


class Bid(Struct, frozen=True, array_like=True):
    """What one campaign brings: its bid for a click, and the click rate in parts of RATE_UNIT."""

    campaign_id: str
    revision: int
    bid_minor: int
    click_rate: int

    @property
    def score(self) -> int:
        """What an impression is worth to the campaign, in minor units times RATE_UNIT."""
        return self.bid_minor * self.click_rate


class Award(Struct, frozen=True):
    """Who won and what a click costs. ``propensity`` is its chance over all draws."""

    bid: Bid
    price_minor: int
    propensity: float
    runner_up: str | None


def run(bids: Iterable[Bid], floor_minor: int, draw: int) -> Award | None:
    """Return the award, or None when no bid reaches the floor."""
    ranked = rank((bid for bid in bids if bid.bid_minor >= floor_minor), draw)
    if not ranked:
        return None
    winner = ranked[0]
    second = ranked[1] if len(ranked) > 1 else None
    tied = sum(bid.score == winner.score for bid in ranked)
    price_minor = floor_minor
    if second is not None:
        price_minor = max(floor_minor, _least_winning(winner, second, draw))
    return Award(winner, price_minor, 1 / tied, second.campaign_id if second else None)


def rank(bids: Iterable[Bid], draw: int) -> list[Bid]:
    """Return the bids, best first. Only ties need luck, and luck costs a hash each."""
    ranked = sorted(bids, key=_score, reverse=True)
    if all(better.score > worse.score for better, worse in pairwise(ranked)):
        return ranked
    return sorted(ranked, key=lambda bid: (bid.score, fortune(draw, bid.campaign_id)), reverse=True)


def fortune(draw: int, name: str) -> int:
    """Return the luck of a name under a draw: 64 bits, as good as independent of other names."""
    digest = blake2b(name.encode(), digest_size=8, key=draw.to_bytes(8, "big"))
    return int.from_bytes(digest.digest(), "big")


def _least_winning(winner: Bid, second: Bid, draw: int) -> int:
    """Return the least bid with which the winner still comes before the second."""
    price_minor, remainder = divmod(second.score, winner.click_rate)
    if remainder:
        return price_minor + 1
    wins_tie = fortune(draw, winner.campaign_id) > fortune(draw, second.campaign_id)
    return price_minor if wins_tie else price_minor + 1


def pick(count: int, draw: int, name: str) -> int:
    """Return which of ``count`` equal things the draw picks for a name (its creatives)."""
    return fortune(draw, f"{name}\x1fcreative") % count
