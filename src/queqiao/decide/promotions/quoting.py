"""The quote: a pure question about a cart, answered to the last minor unit. Nothing is reserved."""

from collections.abc import Sequence
from typing import NamedTuple

from queqiao.catalog.contracts import PriceBook
from queqiao.decide.promotions.basket import Basket
from queqiao.decide.promotions.combinations import Proof, settle
from queqiao.decide.promotions.documents.profile import Profile
from queqiao.decide.promotions.pricing.outcomes import Applied, Priced, Unmet
from queqiao.decide.promotions.pricing.pieces import Piece
from queqiao.decide.promotions.profiles import find_profile
from queqiao.decide.promotions.questions import (
    FindGoods,
    Match,
    Situation,
    basket_of,
    inline_goods,
    inline_snapshot,
    match,
    outside,
)
from queqiao.decide.promotions.quote_types import (
    AppliedPromotion,
    CartLine,
    FundingSplit,
    LineShare,
    Quote,
    QuotedLine,
    QuotedShipping,
    QuoteRequest,
    RefusedPromotion,
    Totals,
    Unit,
)
from queqiao.decide.promotions.sharing import spread, unit_discounts
from queqiao.decide.promotions.snapshot import PromotionsSnapshot
from queqiao.decide.promotions.suggestions import Pool, suggest
from queqiao.kernel.clock import parse_rfc3339
from queqiao.kernel.money import exponent

PLATFORM_ONLY = (100, 0, 0)
"""The usual funding: then there is nothing to split."""


class Shop(NamedTuple):
    """All that a quote reads beside its question: what is live, and what goods cost."""

    promotions: PromotionsSnapshot
    price_book: PriceBook


class Answered(NamedTuple):
    """A cart priced: the parts from which the answer is written."""

    basket: Basket
    priced: Priced
    proof: Proof
    match: Match


class Counter:
    """Prices carts for one question: rules, prices and circumstances are fixed."""

    def __init__(self, request: QuoteRequest, shop: Shop, now_us: int) -> None:
        exponent(request.currency)
        self.profile: Profile = find_profile(request.profile)
        self.promotions = inline_snapshot(request, shop.promotions)
        inline = None
        if request.catalog is not None:
            inline = inline_goods(request.catalog, request.currency)
        self.find: FindGoods = shop.price_book.goods if inline is None else inline.get
        self.known_skus = () if inline is None else tuple(inline)
        at_us = now_us if request.now is None else parse_rfc3339(request.now, "now")
        self.situation = Situation(
            at_us, request.currency, request.channel, request.customer.segments or ()
        )
        self.codes = request.codes

    def answer(self, lines: Sequence[CartLine]) -> Answered:
        """Price a cart. Raises InvalidInput for goods that cannot be priced."""
        basket = basket_of(lines, self.find, self.situation.currency)
        found = match(basket, self.codes, self.situation, self.promotions, self.profile)
        priced, proof = settle(basket, found.placed, self.profile)
        return Answered(basket, priced, proof, found)

    def price(self, lines: Sequence[CartLine]) -> Priced:
        """Price a cart without proof: for trying something out."""
        return self.answer(lines).priced


def quote(request: QuoteRequest, shop: Shop, now_us: int) -> Quote:
    """Answer the question as of its own ``now``, else of ``now_us``. Raises InvalidInput."""
    counter = Counter(request, shop, now_us)
    lines = request.cart.lines
    answered = counter.answer(lines)
    suggestions = []
    if request.options.suggest:
        pool = Pool(counter.find, counter.known_skus, lines)
        suggestions = suggest(answered.priced, counter.price, pool)
    return Quote(
        totals=_totals(answered, request),
        lines=_lines(answered, counter.profile),
        shipping=_shipping(request),
        applied=[_applied(item) for item in answered.priced.applied],
        refused=_refused(answered, counter, request),
        suggestions=suggestions,
        gifts=[],
        proof=answered.proof,
        rules_version=counter.promotions.rules_version,
        currency=request.currency,
    )


def _totals(answered: Answered, request: QuoteRequest) -> Totals:
    items, discount = answered.basket.subtotal, answered.priced.discount
    shipping = request.cart.shipping.amount
    return Totals(items, discount, shipping, 0, 0, items - discount + shipping)


def _shipping(request: QuoteRequest) -> QuotedShipping:
    amount = request.cart.shipping.amount
    return QuotedShipping(amount, 0, amount)


def _lines(answered: Answered, profile: Profile) -> list[QuotedLine]:
    """Write the lines in the cart's order; the basket has its own."""
    shares = _shares(answered.priced.applied, len(answered.basket.lines))
    quoted: list[QuotedLine | None] = [None] * len(shares)
    pieces = answered.priced.pieces
    for place, line in enumerate(answered.basket.lines):
        total = answered.priced.running[place]
        discount = answered.basket.totals[place] - total
        quoted[line.place] = QuotedLine(
            line.id or str(line.place + 1),
            line.sku,
            line.quantity,
            line.price,
            discount,
            total,
            _units(pieces.get(place) or (Piece(line.quantity, total),), line.price, profile),
            shares[place],
        )
    return [line for line in quoted if line is not None]


def _shares(applied: Sequence[Applied], line_count: int) -> list[list[LineShare]]:
    shares: list[list[LineShare]] = [[] for _ in range(line_count)]
    for item in applied:
        promotion_id, lines = item.placed.offer.id, item.lines
        if len(lines) == 1:
            shares[lines[0]].append(LineShare(promotion_id, item.amount))
            continue
        for index, part in zip(lines, item.parts, strict=True):
            if part:
                shares[index].append(LineShare(promotion_id, part))
    return shares


def _units(pieces: Sequence[Piece], price: int, profile: Profile) -> list[Unit]:
    """Write the units of a line, piece after piece."""
    units: list[Unit] = []
    for piece in pieces:
        discount = price * piece.quantity - piece.cost
        units += _equal_units(discount, piece.quantity, price, profile)
    return units


def _equal_units(discount: int, quantity: int, price: int, profile: Profile) -> list[Unit]:
    """Spread a piece's discount over its units; equal units share one object."""
    lower, higher, higher_count = unit_discounts(discount, quantity)
    low = [Unit(lower, price - lower)] * (quantity - higher_count)
    if not higher_count:
        return low
    high = [Unit(higher, price - higher)] * higher_count
    return low + high if profile.remainder == "last" else high + low


def _applied(applied: Applied) -> AppliedPromotion:
    offer, amount = applied.placed.offer, applied.amount
    if offer.funding == PLATFORM_ONLY:
        funding = FundingSplit(amount, 0, 0)
    else:
        funding = FundingSplit(*spread(amount, offer.funding, "largest_fraction"))
    return AppliedPromotion(offer.id, offer.name, amount, funding, applied.placed.code)


def _refused(answered: Answered, counter: Counter, request: QuoteRequest) -> list[RefusedPromotion]:
    """Say of codes, always, and of promotions, where asked, why they give nothing."""
    refused = [
        RefusedPromotion(None, bad.reason, code=bad.code) for bad in answered.match.bad_codes
    ]
    unmet = answered.priced.unmet
    if not request.options.explain:
        return refused + [_unmet(item) for item in unmet if item.placed.code is not None]
    refused += [_unmet(item) for item in unmet]
    found = outside(counter.promotions, counter.situation, answered.match)
    return refused + [RefusedPromotion(offer.id, reason, offer.name) for offer, reason in found]


def _unmet(unmet: Unmet) -> RefusedPromotion:
    offer, code = unmet.placed.offer, unmet.placed.code
    return RefusedPromotion(
        offer.id, unmet.reason, offer.name, code, unmet.shortfall, unmet.shortfall_unit
    )
