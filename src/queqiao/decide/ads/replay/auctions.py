"""Past auctions as they were logged, and what became of them, read a piece at a time."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from queqiao.decide.ads.auction import FIRST_SLOT, Pricing
from queqiao.decide.ads.contracts import SOURCE
from queqiao.decide.ads.served import Auction, Served
from queqiao.decide.ads.unfilled import Unfilled
from queqiao.kernel.clock import DAY_US
from queqiao.kernel.ids import time_of_uuid7
from queqiao.ports.warehouse.base import Warehouse

ROWS_A_PIECE = 4_000
OUTCOMES_A_PIECE = 50_000
LATE_US = DAY_US
"""So long after a decision its outcomes are looked for."""


Row = Sequence[Any]
"""An event of the warehouse, as ``read`` asks for it."""


class Span(NamedTuple):
    """Auctions from ``from_us`` until before ``until_us``, in these places (none: in all)."""

    from_us: int
    until_us: int
    places: tuple[str, ...] = ()


class Outcome(NamedTuple):
    """What became of an ad: whether it was seen; clicks that count, their cost; conversions."""

    seen: int = 0
    clicks: int = 0
    cost_minor: int = 0
    conversions: int = 0


NOTHING_CAME = Outcome()


class Logged(NamedTuple):
    """One slot of the past: the auction, who won it (empty: nobody) and what became of it.

    ``person`` is 0 for somebody without an id; ``request`` is the same for all slots that one
    request asked of a place. A slot that stayed empty has an auction without bids.
    """

    at_us: int
    place: str
    person: int
    request: str
    channel: str
    auction: Auction
    winner: str = ""
    price_minor: int = 0
    pricing: Pricing = "cpc"
    is_sold: bool = True
    outcome: Outcome = NOTHING_CAME


_WITHIN = """source = {source:String} AND event IN ('Ad Served', 'Ad Unfilled')
  AND timestamp >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
  AND timestamp < fromUnixTimestamp64Micro({until:Int64}, 'UTC')
  AND (event = 'Ad Unfilled' OR empty({places:Array(String)})
       OR placement_id IN {places:Array(String)})"""
_COUNT = "SELECT count() FROM history WHERE within".replace("within", _WITHIN)
_ROWS = """
SELECT offset, event, toUnixTimestamp64Micro(timestamp), person, user_id, anonymous_id,
       message_id, properties
FROM history WHERE within AND offset > {after:UInt64} AND block_last > {after:UInt64}
ORDER BY offset LIMIT {most:UInt32}
""".replace("within", _WITHIN)
_OUTCOMES = """
SELECT decision_id, countIf(event = 'Ad Viewed') > 0,
       greatest(0, countIf(event = 'Ad Clicked') - countIf(event = 'Ad Click Refunded')),
       sum(cost_minor), countIf(event = 'Ad Converted')
FROM history
WHERE source = {source:String}
  AND event IN ('Ad Viewed', 'Ad Clicked', 'Ad Click Refunded', 'Ad Converted', 'Ad Billed')
  AND timestamp >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
  AND timestamp < fromUnixTimestamp64Micro({until:Int64}, 'UTC')
  AND (empty({places:Array(String)}) OR placement_id IN {places:Array(String)})
  AND decision_id > {after:String}
GROUP BY decision_id ORDER BY decision_id LIMIT {most:UInt32}
"""


class Anew(msgspec.Struct):
    """Of an ``Ad Served`` that was made anew (``rebuilt.py``), without its auction."""

    decision_id: str
    placement_id: str
    campaign_id: str


_anew = msgspec.json.Decoder(Anew)
_served = msgspec.json.Decoder(Served)
_unfilled = msgspec.json.Decoder(Unfilled)


async def count(warehouse: Warehouse, span: Span) -> int:
    """Return how many events of auctions the span holds."""
    return int((await warehouse.query(_COUNT, _asked(span))).rows[0][0])


async def outcomes(warehouse: Warehouse, span: Span) -> dict[str, Outcome]:
    """Return what became of the ads of a span, by decision."""
    asked = _asked(span) | {"until": span.until_us + LATE_US, "most": OUTCOMES_A_PIECE}
    found: dict[str, Outcome] = {}
    after = ""
    while True:
        rows = (await warehouse.query(_OUTCOMES, asked | {"after": after})).rows
        found |= {row[0]: Outcome(*map(int, row[1:])) for row in rows}
        if len(rows) < OUTCOMES_A_PIECE:
            return found
        after = rows[-1][0]


async def read(warehouse: Warehouse, span: Span) -> AsyncIterator[Sequence[Row]]:
    """Yield the rows of events in pieces, in the order of the log; ``logged`` reads them."""
    after = 0
    while True:
        asked = _asked(span) | {"after": after, "most": ROWS_A_PIECE}
        rows = (await warehouse.query(_ROWS, asked)).rows
        if rows:
            yield rows
        if len(rows) < ROWS_A_PIECE:
            return
        after = rows[-1][0]


def _asked(span: Span) -> dict[str, Any]:
    return {
        "source": SOURCE,
        "since": span.from_us,
        "until": span.until_us,
        "places": list(span.places),
    }


def logged(row: Row, places: Sequence[str], became: Mapping[str, Outcome]) -> Iterator[Logged]:
    """Yield the slots that one event tells of, those of ``places`` alone if any are named."""
    _, event, at_us, person, user_id, device_id, message_id, body = row
    is_made_up = not user_id and (time_of_uuid7(device_id) or 0) // 1_000 == at_us // 1_000
    who = f"{user_id}\n{device_id}\n{at_us}" if user_id or device_id else message_id
    person = 0 if is_made_up else person
    if event == "Ad Served":
        try:
            served = _served.decode(body)
        except msgspec.ValidationError:
            yield _rebuilt(_anew.decode(body), at_us, became)
            return
        yield Logged(
            at_us, served.placement_id, person, f"{who}\n{served.placement_id}", served.channel,
            served.auction, served.campaign_id, served.price_minor, served.pricing,
            served.sold == "auction", became.get(served.decision_id, NOTHING_CAME),
        )  # fmt: skip
        return
    unfilled = _unfilled.decode(body)
    for place in unfilled.places:
        if not places or place.placement_id in places:
            request = f"{who}\n{place.placement_id}"
            auction = empty_auction(unfilled, place.placement_revision, place.floor_minor)
            for _ in range(place.slots):
                yield Logged(at_us, place.placement_id, person, request, unfilled.channel, auction)


def _rebuilt(anew: Anew, at_us: int, became: Mapping[str, Outcome]) -> Logged:
    """Return a slot of which the auction is not known: it stays as it was."""
    outcome = became.get(anew.decision_id, NOTHING_CAME)
    auction = empty_auction(Unfilled("", "", "", [], []), 0, 0)
    return Logged(
        at_us, anew.placement_id, 0, anew.decision_id, "", auction, anew.campaign_id, 0, "cpc",
        False, outcome,
    )  # fmt: skip


def empty_auction(unfilled: Unfilled, revision: int, floor_minor: int) -> Auction:
    """Return the auction that nobody could win. Who was left out of it was not logged."""
    return Auction(
        placement_revision=revision,
        floor_minor=floor_minor,
        draw=0,
        segments=unfilled.segments,
        bids=[],
        out=[],
        creatives=1,
        propensity=1.0,
        runner_up=None,
        not_listed=1,
        attributes=unfilled.attributes,
        slot=FIRST_SLOT,
    )
