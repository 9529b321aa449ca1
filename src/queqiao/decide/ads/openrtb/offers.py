"""Which campaign bids what on an impression: pure, from what is live and what the request says."""

from collections.abc import Collection, Iterable, Iterator
from itertools import groupby, islice
from types import MappingProxyType
from typing import NamedTuple

from msgspec import Struct

from queqiao.decide.ads.auction import fortune
from queqiao.decide.ads.contracts import Campaign, Creative
from queqiao.decide.ads.inventory.private_deals import PrivateDeals
from queqiao.decide.ads.openrtb.fitting import Fit, fits
from queqiao.decide.ads.openrtb.params import params_of
from queqiao.decide.ads.openrtb.rates import DEFAULT_CURRENCY, Rates
from queqiao.decide.ads.openrtb.request import BidRequest, Deal, Imp
from queqiao.decide.ads.openrtb.response import MediaType
from queqiao.decide.ads.openrtb.shades import FIRST_PRICE, UNSHADED, Seller, Shades
from queqiao.decide.ads.openrtb.shelf import OWN_DOMAIN, Shelf, Shelves, cpm_minor, domain_of
from queqiao.decide.ads.promises.standing import ALL_KEPT, Standing, shown
from queqiao.decide.ads.targeting.index import Entry, Facts

LOOKED_AT_MAX = 100
"""So many campaigns are looked at for one impression: the best first, so few matter."""


class Offer(Struct, frozen=True):
    """What is bid on one impression: ``price`` and ``floor`` for a thousand, in ``cur``.

    ``cpm_minor`` is the price in the campaign's currency, ``worth_minor`` what it would have been
    without shading.
    """

    imp: Imp
    placement_id: str
    entry: Entry
    creative: Creative
    fit: Fit
    cpm_minor: int
    price: float
    floor: float
    cur: str
    deal: Deal | None = None
    worth_minor: int = 0

    @property
    def campaign(self) -> Campaign:
        """The campaign that bids."""
        return self.entry.campaign

    @property
    def campaign_id(self) -> str:
        """Its id."""
        return self.entry.bid.campaign_id


class Question(Struct, frozen=True):
    """One request with what is the same for all its impressions."""

    request: BidRequest
    facts: Facts
    seat: str
    rates: Rates
    draw: int
    standing: Standing = ALL_KEPT
    exchange: str = ""
    shades: Shades = UNSHADED
    deals: PrivateDeals = MappingProxyType({})

    @property
    def is_first_price(self) -> bool:
        """Whether the winner pays his bid."""
        return self.request.at == FIRST_PRICE


def offer(asked: Question, shelves: Shelves, imp: Imp, out: Collection[str] = ()) -> Offer | None:
    """Return the best offer for an impression, without the campaigns named in ``out``."""
    params = params_of(imp)
    placement_id, shelf = shelves.of(params.placement, imp.tagid)
    bits = shelf.index.match(asked.facts, out) & allowed(shelf, asked.request, imp)
    for entry in _by_luck(islice(shelf.index.walk(bits), LOOKED_AT_MAX), asked.draw):
        is_on = entry.starts_us <= asked.facts.now_us < entry.ends_us
        if is_on and shelves.shares.takes_part(entry.bid.campaign_id, asked.draw):
            found = _of_entry(asked, shelf, placement_id, imp, entry)
            if found is not None:
                return found
    return None


def _by_luck(entries: Iterable[Entry], draw: int) -> Iterator[Entry]:
    """Yield entries that come best first, those of equal score in the order of their luck."""
    for _, group in groupby(entries, lambda entry: entry.bid.score):
        tied = list(group)
        if len(tied) > 1:
            tied.sort(key=lambda entry: fortune(draw, entry.bid.name), reverse=True)
        yield from tied


def allowed(shelf: Shelf, request: BidRequest, imp: Imp) -> int:
    """Return the bits of the campaigns that the request does not block, with the media asked."""
    bits = shelf.having("media", _media(imp))
    blocked = (
        ("category", request.bcat),
        ("domain", _blocked_domains(request)),
        ("bundle", request.bapp),
    )
    for kind, values in blocked:
        if values:
            bits &= ~shelf.having(kind, values)
    if request.acat:
        bits &= shelf.having("category", request.acat)
    languages = [*(request.wlang or ()), *(request.wlangb or ())]
    if languages:
        bits &= shelf.having("language", [each.partition("-")[0].lower() for each in languages])
    attributes = _blocked_attributes(imp)
    return bits & ~shelf.having("attribute", attributes) if attributes else bits


def _blocked_domains(request: BidRequest) -> list[str]:
    """Return them, with our own: which it is, is known where the request came in, and not here."""
    return [*(each.lower() for each in request.badv), OWN_DOMAIN] if request.badv else []


def _media(imp: Imp) -> Iterator[MediaType]:
    if imp.banner is not None:
        yield MediaType.BANNER
    if imp.video is not None:
        yield MediaType.VIDEO
    if imp.audio is not None:
        yield MediaType.AUDIO
    if imp.native is not None:
        yield MediaType.NATIVE


def _blocked_attributes(imp: Imp) -> set[int]:
    places = (imp.banner, imp.video, imp.audio, imp.native)
    return {each for place in places if place is not None for each in place.battr or ()}


def _of_entry(
    asked: Question, shelf: Shelf, placement_id: str, imp: Imp, entry: Entry
) -> Offer | None:
    """Return what a campaign offers, on a deal if there is one for it, or None."""
    creatives = shown(entry.campaign, entry.campaign.creatives, asked.standing)
    found = _way_to_show(imp, creatives, asked.draw)
    cpm = cpm_minor(entry)
    cur = currency_of(asked, entry.campaign.currency)
    if found is None or cur is None:
        return None
    price = asked.rates.told(cpm, entry.campaign.currency, cur)
    terms = _terms(asked, shelf, imp, entry, _Told(price or 0.0, cur, placement_id))
    if terms is None or not price:
        return None
    creative, fit = found
    deal, floor = terms
    bid = cpm
    if deal is None and asked.is_first_price:
        seller = Seller(asked.exchange, placement_id, entry.campaign.currency)
        bid = asked.shades.cpm_minor(seller, cpm, asked.draw, imp.id or "")
        bid, price = _at_least(asked.rates, bid, (cpm, price), seller.currency, (floor, cur))
    return Offer(imp, placement_id, entry, creative, fit, bid, price, floor, cur, deal, cpm)


def _at_least(
    rates: Rates, bid: int, whole: tuple[int, float], source: str, least: tuple[float, str]
) -> tuple[int, float]:
    """Return a shaded bid and its price, brought up to the floor where it was shaded below."""
    floor, cur = least
    if bid < whole[0]:
        for raised in (bid, rates.heard(floor, cur, source) or 0):
            for each in (raised, raised + 1):
                price = rates.told(each, source, cur) or 0.0
                if price > 0 and floor <= price < whole[1]:
                    return each, price
    return whole


def currency_of(asked: Question, source: str) -> str | None:
    """Return the first currency of the request in which an amount can be told."""
    return asked.rates.first_known(asked.request.cur or (DEFAULT_CURRENCY,), source)


def _way_to_show(imp: Imp, creatives: Iterable[Creative], draw: int) -> tuple[Creative, Fit] | None:
    """Return the luckiest creative among those that fit, as it fits."""
    best: tuple[int, Creative, Fit] | None = None
    for creative in creatives:
        if imp.secure and not _is_secure(creative):
            continue
        fit = next(fits(imp, creative), None)
        if fit is None:
            continue
        luck = fortune(draw, creative.id)
        if best is None or luck > best[0]:
            best = (luck, creative, fit)
    return None if best is None else best[1:]


def _is_secure(creative: Creative) -> bool:
    files = (creative.video, creative.audio)
    urls = [creative.image_url, *(file.url for file in files if file is not None)]
    return all(url is None or url.lower().startswith(("https:", "/")) for url in urls)


class _Told(NamedTuple):
    """What a campaign would bid, and where."""

    price: float
    cur: str
    placement_id: str


def _terms(
    asked: Question, shelf: Shelf, imp: Imp, entry: Entry, told: _Told
) -> tuple[Deal | None, float] | None:
    """Return the deal and floor of a bid that reaches it: the deal of the highest floor, or none.

    A private auction takes bids on deals only.
    """
    price, cur, placement_id = told
    bit = 1 << shelf.index.position[entry.bid.name]
    best: tuple[Deal | None, float] | None = None
    for deal in _open_deals(imp, asked.seat):
        floor = _deal_floor(asked, deal, entry, placement_id, cur)
        if floor is None or price < floor or not shelf.may_use_deal(deal.id or "") & bit:
            continue
        if deal.wadomain and not _within(domain_of(entry.campaign), deal.wadomain):
            continue
        if best is None or floor > best[1]:
            best = (deal, floor)
    if best is not None or (imp.pmp is not None and imp.pmp.private_auction):
        return best
    floor = _floor(asked.rates, imp.bidfloor, imp.bidfloorcur, cur)
    return None if floor is None or price < floor else (None, floor)


def _deal_floor(
    asked: Question, deal: Deal, entry: Entry, placement_id: str, cur: str
) -> float | None:
    """Return the floor of a deal, at least that of our own document of its id.

    None when no rate is known, or when our document is for others.
    """
    floor = _floor(asked.rates, deal.bidfloor, deal.bidfloorcur, cur)
    own = asked.deals.get(deal.id or "")
    if own is None:
        return floor
    if not own.takes(entry.campaign.advertiser, placement_id, asked.facts.now_us):
        return None
    least = _floor(asked.rates, own.cpm, own.currency, cur)
    return None if floor is None or least is None else max(floor, least)


def _open_deals(imp: Imp, seat: str) -> Iterator[Deal]:
    for deal in (imp.pmp.deals if imp.pmp is not None else None) or ():
        if not deal.wseat or seat in deal.wseat:
            yield deal


def _floor(rates: Rates, floor: float | None, source: str | None, cur: str) -> float | None:
    return rates.convert(floor, source or DEFAULT_CURRENCY, cur) if floor else 0.0


def _within(domain: str, domains: Iterable[str]) -> bool:
    return any(domain == each.lower() or domain.endswith(f".{each.lower()}") for each in domains)
