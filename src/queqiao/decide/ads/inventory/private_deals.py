"""Preferred and private deals, as bids that name them are judged by: who may, where, from when."""

from collections.abc import Iterable, Mapping

from msgspec import Struct
from sqlalchemy import Connection

from queqiao.decide.ads.inventory.deal import DEAL, Deal
from queqiao.decide.ads.inventory.deal_days import window
from queqiao.kernel.money import exponent
from queqiao.ports.records import documents


class PrivateDeal(Struct, frozen=True):
    """One deal. ``cpm`` is the least for a thousand, in units of ``currency``; empty is all."""

    advertisers: frozenset[str]
    placements: frozenset[str]
    cpm: float
    currency: str
    starts_us: int
    ends_us: int

    def takes(self, advertiser: str, placement_id: str, now_us: int) -> bool:
        """Say whether a campaign of an advertiser may use it in a placement at a moment."""
        may = not self.advertisers or advertiser in self.advertisers
        is_there = not self.placements or placement_id in self.placements
        return may and is_there and self.starts_us <= now_us < self.ends_us


PrivateDeals = Mapping[str, PrivateDeal]
"""By the id that OpenRTB's ``pmp`` names."""


def private_deals(conn: Connection, zone: str) -> PrivateDeals:
    """Return the live deals that are not guaranteed."""
    return private(((one.id, one.document) for one in documents.live(conn, DEAL)), zone)


def private(deals: Iterable[tuple[str, Deal]], zone: str) -> PrivateDeals:
    """Return those of some deals that are not guaranteed, by id."""
    return {name: _private(deal, zone) for name, deal in deals if deal.kind != "guaranteed"}


def _private(deal: Deal, zone: str) -> PrivateDeal:
    return PrivateDeal(
        frozenset(deal.advertisers),
        frozenset(deal.placements),
        deal.cpm_minor / 10 ** exponent(deal.currency),
        deal.currency,
        *window(deal, zone),
    )
