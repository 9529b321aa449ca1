"""What is for sale: an impression with its floor and deals, as bids on it are judged by."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from queqiao.decide.ads.openrtb.exchange.currencies import AuctionRates
from queqiao.decide.ads.openrtb.exchange.floors import AuctionTerms, Floor, floor_of
from queqiao.decide.ads.openrtb.params import BIDDER as OWN
from queqiao.decide.ads.openrtb.rates import DEFAULT_CURRENCY
from queqiao.decide.ads.openrtb.request import Banner, BidRequest, Deal, Imp

Media = Literal["banner", "video", "audio", "native"]
Size = tuple[int, int]
MEDIA: tuple[Media, ...] = ("banner", "video", "audio", "native")


class DealTerms(Struct, frozen=True, omit_defaults=True):
    """A deal: who may use it (empty: everyone), and from which price, in the lot's currency.

    ``floor`` None: in a currency that nobody knows the worth of, so no price reaches it.
    """

    id: str
    floor: float | None = 0.0
    seats: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()

    def open_to(self, seat: str) -> bool:
        """Say whether a seat may use it."""
        return not self.seats or seat in self.seats


class Lot(Struct, frozen=True, omit_defaults=True):
    """One impression. ``floor`` is for a thousand, in ``cur``; None: its currency is not known.

    ``private`` takes bids on deals only. ``size_max`` is the widest and the highest that a banner
    may be, None where the place does not say. ``blocked_attributes`` are by media.
    """

    imp_id: str
    cur: str
    floor: float | None
    media: tuple[Media, ...]
    deals: tuple[DealTerms, ...] = ()
    private: bool = False
    secure: bool = False
    size_max: Size | None = None
    blocked_attributes: dict[str, list[int]] = {}
    enforced: bool = True
    floor_of_deals: bool = False

    def deal(self, deal_id: str) -> DealTerms | None:
        """Return the deal of that id."""
        return next((deal for deal in self.deals if deal.id == deal_id), None)


def lot(request: BidRequest, imp: Imp, terms: AuctionTerms, placements: Mapping[str, Floor]) -> Lot:
    """Return the terms of an impression; ``placements`` are the floors of our own."""
    rules, cur = terms.rules, terms.cur
    deals = (imp.pmp.deals if imp.pmp is not None else None) or ()
    named = _placement_named(imp)
    placement = placements.get(named) if named else None
    asked = tuple(media for media in MEDIA if getattr(imp, media) is not None)
    return Lot(
        imp_id=imp.id or "",
        cur=cur,
        floor=floor_of(terms, request, imp, placement),
        media=asked,
        deals=tuple(_terms(deal, terms.rates, cur) for deal in deals),
        private=bool(imp.pmp is not None and imp.pmp.private_auction),
        secure=bool(imp.secure) and terms.enforces_secure,
        size_max=_size_max(imp.banner),
        blocked_attributes={
            media: blocked for media in asked if (blocked := getattr(imp, media).battr)
        },
        enforced=rules.enforced,
        floor_of_deals=rules.of_deals,
    )


def _placement_named(imp: Imp) -> str | None:
    """Return which placement of ours an impression says it is."""
    named = imp.ext.prebid.bidder if imp.ext is not None and imp.ext.prebid is not None else None
    params = (named or {}).get(OWN)
    said = params.get("placement") if isinstance(params, dict) else None
    return said if isinstance(said, str) else imp.tagid


def _terms(deal: Deal, rates: AuctionRates, cur: str) -> DealTerms:
    floor = deal.bidfloor or 0.0
    told = rates.convert(floor, deal.bidfloorcur or DEFAULT_CURRENCY, cur) if floor else 0.0
    return DealTerms(deal.id or "", told, tuple(deal.wseat or ()), tuple(deal.wadomain or ()))


def _size_max(banner: Banner | None) -> Size | None:
    if banner is None:
        return None
    sizes = [(each.w, each.h) for each in banner.format or ()] or [(banner.w, banner.h)]
    if not all(width and height for width, height in sizes):
        return None  # a ratio, or a full screen: any size may stand there
    return max(width or 0 for width, _ in sizes), max(height or 0 for _, height in sizes)
