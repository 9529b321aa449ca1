"""Which bids go to the publisher, and which wins: the highest price; ties by the seeded draw."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from queqiao.decide.ads.auction import fortune
from queqiao.decide.ads.openrtb.exchange.judging import Blocks, Offered, Reason, verdict
from queqiao.decide.ads.openrtb.exchange.lots import Lot


class Terms(Struct, frozen=True, omit_defaults=True):
    """All that bids are judged and ranked by. ``draw`` has ``DRAW_BITS`` bits.

    ``bids_max`` is how many bids of a seat are passed on for an impression, where that is not one.
    """

    cur: str
    draw: int
    lots: tuple[Lot, ...]
    blocks: Blocks = Blocks()
    bids_max: dict[str, int] = {}
    prefer_deals: bool = False


class Settled(Struct, frozen=True):
    """What became of each bid, by its number: the reason against it, or its place.

    ``places`` has, by impression, the numbers of the bids that are passed on, the best first.
    """

    reasons: Mapping[int, Reason]
    places: Mapping[str, tuple[int, ...]]


def settle(terms: Terms, bids: Sequence[Offered]) -> Settled:
    """Judge and rank the bids. Their order does not matter but for duplicates of an id."""
    lots = {lot.imp_id: lot for lot in terms.lots}
    reasons: dict[int, Reason] = {}
    seen: dict[str, set[str]] = {}
    standing: dict[str, list[int]] = {}
    for number, bid in enumerate(bids):
        known = seen.setdefault(bid.seat, set())
        reason = verdict(bid, lots, terms.blocks, known)
        known.add(bid.bid_id)
        if reason is None:
            standing.setdefault(bid.imp_id, []).append(number)
        else:
            reasons[number] = reason
    places = {}
    for imp_id, numbers in standing.items():
        ranked = _ranked(terms, bids, numbers)
        kept = _within_limits(terms, bids, ranked)
        reasons |= dict.fromkeys(set(ranked) - set(kept), Reason.BEYOND_MULTIBID)
        places[imp_id] = tuple(kept)
    return Settled(reasons, places)


def _ranked(terms: Terms, bids: Sequence[Offered], numbers: list[int]) -> list[int]:
    if len(numbers) == 1:
        return numbers

    def worth(number: int) -> tuple[bool, float, int]:
        bid = bids[number]
        luck = fortune(terms.draw, f"{bid.seat}\x1f{bid.bid_id}\x1f{bid.imp_id}")
        return terms.prefer_deals and bid.deal_id is not None, bid.adjusted, luck

    return sorted(numbers, key=worth, reverse=True)


def _within_limits(terms: Terms, bids: Sequence[Offered], ranked: Iterable[int]) -> list[int]:
    left: dict[str, int] = {}
    kept = []
    for number in ranked:
        seat = bids[number].seat
        rest = left.get(seat, terms.bids_max.get(seat, 1))
        if rest > 0:
            kept.append(number)
        left[seat] = rest - 1
    return kept
