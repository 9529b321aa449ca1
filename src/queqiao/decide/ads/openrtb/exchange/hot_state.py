"""What the exchange knows by heart: bidders, publishers, stored requests, floors of placements."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection

from queqiao.decide.ads.click_rate import RATE_UNIT, ClickRates, Count
from queqiao.decide.ads.contracts import Placement
from queqiao.decide.ads.live import Live
from queqiao.decide.ads.openrtb.exchange.contracts import (
    BIDDER,
    KINDS,
    OWN,
    PUBLISHER,
    STORED_REQUEST,
    Bidder,
    Publisher,
    StoredRequest,
)
from queqiao.decide.ads.openrtb.exchange.floors import Floor
from queqiao.kernel.money import exponent
from queqiao.ports.records import documents

CHANGES = tuple(kind.name for kind in KINDS)
"""Kinds whose changes make a new market."""

Open = Callable[[str, str], str]
"""Returns a bidder's authorization as it goes out, from how it is stored and the bidder's id."""


class LiveBidder(Struct, frozen=True):
    """A bidder with its name and the revision of its document."""

    name: str
    revision: int
    document: Bidder


class Market(Struct, frozen=True):
    """All of it, immutable."""

    bidders: Mapping[str, LiveBidder]
    publishers: Mapping[str, Publisher]
    stored: Mapping[tuple[str, str], StoredRequest]

    @property
    def names(self) -> frozenset[str]:
        """The names of all bidders."""
        return frozenset(self.bidders) | {OWN}


EMPTY = Market(MappingProxyType({}), MappingProxyType({}), MappingProxyType({}))
"""Nobody bids and nobody may ask: what a role starts with."""


def market(
    bidders: Iterable[Live], publishers: Iterable[Live], stored: Iterable[Live], open_: Open
) -> Market:
    """Build the market from the live documents."""
    known = {
        each.id: LiveBidder(each.id, each.revision, _opened(each, open_))
        for each in bidders
        if each.id != OWN
    }
    return Market(
        MappingProxyType(known),
        MappingProxyType({each.id: each.document for each in publishers}),
        MappingProxyType({(each.document.kind, each.id): each.document for each in stored}),
    )


def _opened(live: Live, open_: Open) -> Bidder:
    bidder: Bidder = live.document
    if not bidder.authorization:
        return bidder
    return replace(bidder, authorization=open_(bidder.authorization, live.id))


def load(conn: Connection, open_: Open) -> Market:
    """Read the live documents and return their market."""
    found: dict[str, Any] = {kind.name: documents.live(conn, kind) for kind in KINDS}
    return market(found[BIDDER.name], found[PUBLISHER.name], found[STORED_REQUEST.name], open_)


def placement_floors(placements: Iterable[Live], counts: Iterable[Count]) -> Mapping[str, Floor]:
    """Return what a thousand impressions cost at least on each placement of ours.

    A placement's floor is for a click: times the placement's click rate, times a thousand.
    """
    rates = ClickRates(counts)
    floors: dict[str, Floor] = {}
    for live in placements:
        document: Placement = live.document
        if document.floor_minor:
            minor = document.floor_minor * rates.of_placement(live.id) * 1_000 / RATE_UNIT
            floors[live.id] = (minor / 10 ** exponent(document.currency), document.currency)
    return MappingProxyType(floors)
