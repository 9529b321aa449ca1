"""The auction for one slot: bids ranked by what an impression is worth. Pure integers.

A bid is for a thousand impressions, a click or a conversion (``pricing``). All are compared by one
score: the bid, times how much of that an impression is expected to bring, times ``quality``. The
winner of ``second_price`` pays the least with which it would still have won, in the unit of its own
bid; that of ``first_price`` pays its bid. A price is never above the bid and never below the floor.
Several slots of a place are auctions one after the other, each without the campaigns above it: so
the price of each is the least with which its ad keeps its slot (``gsp``). A campaign never bids
against itself: the price comes from the best bid of another one.

Equal scores are put in order by the random draw, each order equally likely, whatever the order of
the bids.
"""

from collections.abc import Iterable
from hashlib import blake2b
from itertools import pairwise
from operator import itemgetter
from typing import Literal

from msgspec import Struct

from queqiao.decide.ads.click_rate import RATE_UNIT

DRAW_BITS = 53
"""A draw is an integer of this many random bits: what every JSON reader can hold exactly."""

Pricing = Literal["cpc", "cpm", "cpa", "ocpm"]
"""What a bid is for: a click, a thousand impressions, or a conversion. ``cpa`` is charged when it
converts, ``ocpm`` for each impression, by what conversions are expected of it."""

BID_FOR_CONVERSIONS: frozenset[Pricing] = frozenset(("cpa", "ocpm"))

Kind = Literal["second_price", "first_price", "gsp"]
"""What the winner pays. ``gsp`` is ``second_price`` in a place whose slots differ."""

THOUSAND = 1_000
FULL_PERCENT = 100
QUALITY_UNIT = 1_000
"""Quality is an integer in parts of this: 1,000 neither helps nor harms."""

SCORE_UNIT = RATE_UNIT * RATE_UNIT * QUALITY_UNIT
"""A score is in parts of this of a minor unit an impression."""

_OF_ONE_IMPRESSION = RATE_UNIT * RATE_UNIT // THOUSAND
_first = itemgetter(0)


class Bid(Struct, frozen=True, array_like=True):
    """What one campaign brings, or one of its ad groups. Rates are in parts of RATE_UNIT.

    ``conversion_rate`` is that of clicks; it counts where a conversion is bid for.
    """

    campaign_id: str
    revision: int
    bid_minor: int
    click_rate: int
    pricing: Pricing = "cpc"
    conversion_rate: int = RATE_UNIT
    quality: int = QUALITY_UNIT
    group_id: str = ""

    @property
    def name(self) -> str:
        """What tells the bid from all others: the campaign, with the group where there is one."""
        return f"{self.campaign_id}/{self.group_id}" if self.group_id else self.campaign_id

    @property
    def is_for_conversions(self) -> bool:
        """Whether the bid is for a conversion, however it is charged."""
        return self.pricing in BID_FOR_CONVERSIONS

    @property
    def weight(self) -> int:
        """What one minor unit of the bid adds to the score."""
        if self.pricing == "cpc":
            return self.click_rate * RATE_UNIT * self.quality
        if self.pricing == "cpm":
            return _OF_ONE_IMPRESSION * self.quality
        return self.click_rate * self.conversion_rate * self.quality

    @property
    def score(self) -> int:
        """What an impression in the first slot is worth, in parts of SCORE_UNIT."""
        return self.bid_minor * self.weight

    def weight_in(self, percent: int) -> int:
        """Return the weight in a slot with that share of the first one's clicks, times 100."""
        return self.weight * (FULL_PERCENT if self.pricing == "cpm" else percent)

    @property
    def click_minor(self) -> int:
        """What a click in the first slot is expected to bring at the bid, rounded down."""
        if self.pricing == "cpc":
            return self.bid_minor
        if self.pricing == "cpm":
            return self.bid_minor * RATE_UNIT // (self.click_rate * THOUSAND)
        return self.bid_minor * self.conversion_rate // RATE_UNIT

    def floor(self, click_minor: int) -> int:
        """Return the least bid by which a click in the first slot is expected to bring so much."""
        if self.pricing == "cpc":
            return click_minor
        if self.pricing == "cpm":
            return _rounded_up(click_minor * self.click_rate * THOUSAND, RATE_UNIT)
        return _rounded_up(click_minor * RATE_UNIT, self.conversion_rate)

    def thousand_minor(self, bid_minor: int, percent: int = FULL_PERCENT) -> int:
        """Return what a bid of this kind comes to for a thousand impressions, rounded down."""
        if self.pricing == "cpm":
            return bid_minor
        rate = self.click_rate * percent * THOUSAND
        if self.pricing == "cpc":
            return bid_minor * rate // (RATE_UNIT * FULL_PERCENT)
        return bid_minor * rate * self.conversion_rate // (RATE_UNIT * RATE_UNIT * FULL_PERCENT)


class Award(Struct, frozen=True):
    """Who won and what it costs. ``propensity`` is its chance over all draws.

    ``price_minor`` is for a click, a conversion, or a thousand impressions where those are billed.
    """

    bid: Bid
    price_minor: int
    propensity: float
    runner_up: str | None


class Slot(Struct, frozen=True):
    """One slot of a place, the first is 0, and how it is sold.

    ``percent``: its share of the clicks that the first slot would get.
    """

    kind: Kind = "second_price"
    number: int = 0
    percent: int = FULL_PERCENT


FIRST_SLOT = Slot()


def run(bids: Iterable[Bid], floor_minor: int, draw: int, slot: Slot = FIRST_SLOT) -> Award | None:
    """Return the award, or None when no bid reaches the floor: what a click is to bring at least"""
    percent = slot.percent
    able = [bid for bid in bids if bid.click_minor >= floor_minor]
    if not able:
        return None
    ranked = rank(able, draw, percent)
    score, winner = ranked[0]
    rival = _rival(ranked)
    tied = 1
    while tied < len(ranked) and ranked[tied][0] == score:
        tied += 1
    price_minor = winner.bid_minor
    if slot.kind != "first_price":
        price_minor = winner.floor(floor_minor)
        if rival is not None:
            price_minor = max(price_minor, _least_winning(winner, rival, draw, percent))
    if winner.pricing == "ocpm":
        price_minor = winner.thousand_minor(price_minor, percent)
    return Award(winner, price_minor, 1 / tied, rival[1].campaign_id if rival else None)


def _rival(ranked: list[tuple[int, Bid]]) -> tuple[int, Bid] | None:
    """Return the best bid of another campaign than the winner's."""
    winner_id = ranked[0][1].campaign_id
    for each in ranked:
        if each[1].campaign_id != winner_id:
            return each
    return None


def rank(bids: Iterable[Bid], draw: int, percent: int = FULL_PERCENT) -> list[tuple[int, Bid]]:
    """Return the bids with their scores, best first. Ties alone need luck, a hash for each."""
    if percent == FULL_PERCENT:
        scored = [(bid.score, bid) for bid in bids]
    else:
        scored = [(bid.bid_minor * bid.weight_in(percent), bid) for bid in bids]
    scored.sort(key=_first, reverse=True)
    for better, worse in pairwise(scored):
        if better[0] == worse[0]:
            scored.sort(key=lambda each: (each[0], fortune(draw, each[1].name)), reverse=True)
            break
    return scored


def fortune(draw: int, name: str) -> int:
    """Return the luck of a name under a draw: 64 bits, as good as independent of other names."""
    digest = blake2b(name.encode(), digest_size=8, key=draw.to_bytes(8, "big"))
    return int.from_bytes(digest.digest(), "big")


def _least_winning(winner: Bid, rival: tuple[int, Bid], draw: int, percent: int) -> int:
    """Return the least bid with which the winner still comes before its rival."""
    weight = winner.weight if percent == FULL_PERCENT else winner.weight_in(percent)
    price_minor, remainder = divmod(rival[0], weight)
    if remainder:
        return price_minor + 1
    wins_tie = fortune(draw, winner.name) > fortune(draw, rival[1].name)
    return price_minor if wins_tie else price_minor + 1


def _rounded_up(amount: int, unit: int) -> int:
    return -(-amount // unit)


def pick(count: int, draw: int, name: str) -> int:
    """Return which of ``count`` equal things the draw picks for a name (its creatives)."""
    return fortune(draw, f"{name}\x1fcreative") % count
