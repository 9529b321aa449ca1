"""Past opportunities from the warehouse: those of some of the people, all of theirs."""

from collections.abc import Iterator
from typing import Any

import msgspec

from queqiao.decide.ads.auction import FIRST_SLOT, FULL_PERCENT, SCORE_UNIT, Bid, Slot
from queqiao.decide.ads.contracts import SOURCE
from queqiao.decide.ads.forecast.opportunities import Gathering, Opportunity, Rival
from queqiao.decide.ads.inventory.document import Sold
from queqiao.decide.ads.unfilled import UnfilledPlace
from queqiao.kernel.ids import time_of_uuid7
from queqiao.ports.warehouse.base import Warehouse

ROWS_A_PIECE = 4_000
PARTS = 1_000_000
"""People are taken by a hash of their number: of so many parts, some."""

_WITHIN = """source = {source:String} AND event IN ('Ad Served', 'Ad Unfilled')
  AND timestamp >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
  AND timestamp < fromUnixTimestamp64Micro({until:Int64}, 'UTC')"""
_COUNT = "SELECT count() FROM history WHERE within".replace("within", _WITHIN)
_ROWS = """
SELECT offset, event, toUnixTimestamp64Micro(timestamp), person, user_id, anonymous_id,
       message_id, properties
FROM history
WHERE within AND offset > {after:UInt64} AND block_last > {after:UInt64}
  AND cityHash64(if(person = 0, message_id, toString(person))) % {parts:UInt64} < {wanted:UInt64}
ORDER BY offset LIMIT {most:UInt32}
""".replace("within", _WITHIN)


class Auction(msgspec.Struct):
    """Of a logged auction what a forecast needs; the bids stand best first."""

    floor_minor: int
    segments: list[str]
    bids: list[Bid]
    attributes: dict[str, Any] | None = None
    slot: Slot = FIRST_SLOT

    def rivals(self) -> tuple[Rival, ...]:
        """Return the two campaigns that bid best, and what the slot was worth to each."""
        best: dict[str, int] = {}
        for bid in self.bids:
            worth = bid.bid_minor * bid.weight_in(self.slot.percent)
            best[bid.campaign_id] = max(worth, best.get(bid.campaign_id, 0))
        first = sorted(best, key=lambda name: -best[name])[:2]
        return tuple(Rival(name, best[name] / FULL_PERCENT / SCORE_UNIT) for name in first)


class Served(msgspec.Struct):
    """Of ``Ad Served`` what a forecast needs; a record made anew has no auction."""

    placement_id: str
    channel: str = ""
    auction: Auction | None = None
    sold: Sold = "auction"


class Unfilled(msgspec.Struct):
    """Of ``Ad Unfilled`` what a forecast needs."""

    channel: str
    segments: list[str]
    places: list[UnfilledPlace]
    attributes: dict[str, Any] | None = None


_served = msgspec.json.Decoder(Served)
_unfilled = msgspec.json.Decoder(Unfilled)


async def gather(
    warehouse: Warehouse, since_us: int, until_us: int, rows_max: int
) -> tuple[Gathering, float]:
    """Return the opportunities of a sample of people, and the share of people that it holds.

    The share is such that about ``rows_max`` events are read. A stranger without an id is a person
    of one request.
    """
    asked: dict[str, Any] = {"source": SOURCE, "since": since_us, "until": until_us}
    count = int((await warehouse.query(_COUNT, asked)).rows[0][0])
    wanted = min(PARTS, max(1, PARTS * rows_max // max(1, count)))
    gathering, after = Gathering(), 0
    while True:
        piece = asked | {"after": after, "parts": PARTS, "wanted": wanted, "most": ROWS_A_PIECE}
        rows = (await warehouse.query(_ROWS, piece)).rows
        for row in rows:
            gathering.take(opportunities(row))
        if len(rows) < ROWS_A_PIECE:
            return gathering, wanted / PARTS
        after = rows[-1][0]


def opportunities(row: list[Any]) -> Iterator[Opportunity]:
    """Yield the slots that one event tells of; an event that is not ours to read tells of none."""
    _, event, at_us, person, user_id, device_id, message_id, body = row
    is_made_up = not user_id and _made_at(device_id, at_us)
    names = () if is_made_up else (user_id, device_id)
    who = (0 if is_made_up else person, names)
    request = f"{user_id}\n{device_id}\n{at_us}" if user_id or device_id else message_id
    if event == "Ad Served":
        served = _served.decode(body)
        if served.auction is not None and served.sold != "booked":  # a deal's is nobody else's
            yield _of_served(served, served.auction, at_us, who, request)
    else:
        yield from _of_unfilled(_unfilled.decode(body), at_us, who, request)


def _made_at(device_id: str, at_us: int) -> bool:
    """Say whether an id was made up for a request: by the decision, in its very millisecond."""
    made_us = time_of_uuid7(device_id)
    return made_us is not None and made_us // 1_000 == at_us // 1_000


def _of_served(
    served: Served, auction: Auction, at_us: int, who: tuple[int, tuple[str, ...]], request: str
) -> Opportunity:
    slot = auction.slot
    return Opportunity(
        at_us, served.placement_id, *who, f"{request}\n{served.placement_id}", served.channel,
        tuple(auction.segments), auction.attributes, auction.floor_minor, auction.rivals(),
        slot.percent, slot.kind == "first_price",
    )  # fmt: skip


def _of_unfilled(
    unfilled: Unfilled, at_us: int, who: tuple[int, tuple[str, ...]], request: str
) -> Iterator[Opportunity]:
    for place in unfilled.places:
        for _ in range(place.slots):
            yield Opportunity(
                at_us, place.placement_id, *who, f"{request}\n{place.placement_id}",
                unfilled.channel, tuple(unfilled.segments), unfilled.attributes,
                place.floor_minor, (),
            )  # fmt: skip
