"""The quote: a pure question about a cart, answered to the last minor unit. Nothing is reserved."""

from collections.abc import Mapping, Sequence
from copy import copy
from types import MappingProxyType
from typing import NamedTuple

from queqiao.catalog.contracts import PriceBook, PriceIndex
from queqiao.decide.promotions.add_ons import Held, Shelves
from queqiao.decide.promotions.basket import Basket
from queqiao.decide.promotions.combination.proof import Proof
from queqiao.decide.promotions.combination.settling import settle
from queqiao.decide.promotions.documents.profile import Profile
from queqiao.decide.promotions.engagements.in_quotes import engage
from queqiao.decide.promotions.engagements.stages import Engagement
from queqiao.decide.promotions.matching.asked import FindGoods, situation_of
from queqiao.decide.promotions.matching.given_codes import read_codes
from queqiao.decide.promotions.matching.matcher import Matcher
from queqiao.decide.promotions.pricing.outcomes import Applied, Placed, Priced, Unmet
from queqiao.decide.promotions.pricing.pieces import Piece
from queqiao.decide.promotions.profiles import PRESETS_ONLY, Profiles, find_profile
from queqiao.decide.promotions.questions import (
    basket_of,
    inline_goods,
    inline_snapshot,
    moment_of,
    refuse_equal_cards,
)
from queqiao.decide.promotions.quote_types import (
    CartLine,
    LineShare,
    Quote,
    QuotedLine,
    QuotedShipping,
    QuoteRequest,
    RefusedPromotion,
    Totals,
    Unit,
)
from queqiao.decide.promotions.restraints import FREE, Restraints, restrain
from queqiao.decide.promotions.sharing import unit_discounts
from queqiao.decide.promotions.snapshot import PromotionsSnapshot
from queqiao.decide.promotions.suggestions import Tried, suggest
from queqiao.decide.promotions.totals.answer import (
    applied_around,
    applied_on_goods,
    gift_choices,
    gifts,
    points,
    shops_of,
    tax_rows,
    taxes_of,
    with_taxes,
)
from queqiao.decide.promotions.totals.gifts import Shelf
from queqiao.decide.promotions.totals.offered import with_points
from queqiao.decide.promotions.totals.payments import pay_by_cards
from queqiao.decide.promotions.totals.rewards import NO_REWARDS, Desk, Rewards, give_rewards
from queqiao.decide.promotions.totals.taxes import Taxes
from queqiao.kernel.money import exponent


class Shop(NamedTuple):
    """What a quote reads beside its question: what is live, what goods cost, what is used up."""

    promotions: PromotionsSnapshot
    price_book: PriceBook
    restraints: Restraints = FREE
    profiles: Profiles = PRESETS_ONLY
    engagements: Mapping[str, Engagement] = MappingProxyType({})


class Answered(NamedTuple):
    """A cart priced: the parts from which the answer is written."""

    basket: Basket
    priced: Priced
    proof: Proof
    placed: list[Placed]
    rewards: Rewards
    on_goods: list[Placed]


class Counter:
    """Prices carts for one question: rules, prices and circumstances are fixed."""

    def __init__(self, request: QuoteRequest, shop: Shop, now_us: int) -> None:
        exponent(request.currency)
        refuse_equal_cards(request.cart.cards)
        self.profile: Profile = find_profile(request.profile, shop.profiles)
        self.promotions = inline_snapshot(request, shop.promotions)
        inline = None
        if request.catalog is not None:
            inline = inline_goods(request.catalog, request.currency)
        self.find: FindGoods = shop.price_book.goods if inline is None else inline.get
        self._shelf, self._inline = shop.price_book, inline
        at_us = now_us if request.now is None else moment_of(request.now)
        codes = read_codes(request.codes, at_us, self.promotions)
        situation = situation_of(request, at_us, codes.of_batch, self.find)
        self.matcher = Matcher(self.promotions, situation, codes, self.profile)
        self.cart = request.cart
        self.customer_id = request.customer.id
        self.engagements = shop.engagements
        self.restraints = FREE if self.promotions.inline else shop.restraints

    def answer(self, lines: Sequence[CartLine]) -> Answered:
        """Price a cart. Raises InvalidInput for goods that cannot be priced."""
        basket = basket_of(lines, self.find, self.matcher.situation.currency)
        matched = self.matcher.match(basket)
        engaged, unengaged = engage(
            matched, self.engagements, self.customer_id, self.matcher.situation.now_us
        )
        placed, withheld = restrain(engaged, self.restraints, self.customer_id)
        withheld += unengaged
        on_goods, around, unmet = self._parted(placed)
        priced, proof = settle(basket, on_goods, self.profile)
        if unmet or withheld:
            priced = priced._replace(unmet=priced.unmet + unmet + withheld)
        rewards = self._rewards(basket, priced, around) if around else NO_REWARDS
        return Answered(basket, priced, proof, matched, rewards, on_goods)

    def lifting(self, promotion_id: str) -> "Counter":
        """Return a counter for which the customer is not held back from a promotion."""
        other = copy(self)
        other.restraints = self.restraints._replace(lifted=promotion_id)
        return other

    def _parted(self, placed: list[Placed]) -> tuple[list[Placed], list[Placed], list[Unmet]]:
        """Part the offers on goods from those around them; bind the points that the cart offers."""
        if self.promotions.only_on_goods:
            return placed, [], []
        around = [item for item in placed if item.offer.reward is not None]
        on_goods = [item for item in placed if item.offer.reward is None]
        bound, unmet = with_points(on_goods, self.cart.points)
        return bound, around, unmet

    def _rewards(self, basket: Basket, priced: Priced, around: Sequence[Placed]) -> Rewards:
        in_cart: dict[str, int] = {}
        for line in basket.lines:
            in_cart[line.sku] = in_cart.get(line.sku, 0) + line.quantity
        shelf = Shelf(self.find, in_cart)
        cart = self.cart
        desk = Desk(basket, priced, self.profile, cart.shipping.amount, shelf, cart.gift_choices)
        return give_rewards(desk, around)

    def tried(self, lines: Sequence[CartLine]) -> Tried:
        """Price a cart to try something out."""
        return self.as_tried(self.answer(lines))

    def as_tried(self, answered: Answered) -> Tried:
        """Return what suggestions read of an answer."""
        nearly = self.matcher.nearly(answered.basket)
        return Tried(answered.priced, answered.rewards, tuple(nearly))

    def shelves(self, basket: Basket) -> Shelves:
        """Return the goods that may be added to a cart."""
        currency = self.matcher.situation.currency
        if self._inline is None:
            by_price = self._shelf.by_price(currency)
        else:
            goods = self._inline.values()
            by_price = PriceIndex((item.price_minor, item.sku, item.facts) for item in goods)
        held = [Held(line.sku, line.facts, line.price, line.quantity) for line in basket.lines]
        return Shelves(self.find, by_price, currency, held)


def quote(request: QuoteRequest, shop: Shop, now_us: int) -> Quote:
    """Answer the question as of its own ``now``, else of ``now_us``. Raises InvalidInput."""
    counter = Counter(request, shop, now_us)
    return write(request, counter, counter.answer(request.cart.lines))


def write(request: QuoteRequest, counter: Counter, answered: Answered) -> Quote:
    """Write the answer of a cart that is priced."""
    lines = request.cart.lines
    suggestions = []
    if request.options.suggest:
        shelves = counter.shelves(answered.basket)
        suggestions = suggest(counter.as_tried(answered), counter.tried, shelves, lines)
    basket, priced, rewards = answered.basket, answered.priced, answered.rewards
    written, shops = _lines(answered, counter.profile), shops_of(basket)
    shipping = request.cart.shipping.amount
    paid_shipping = shipping - rewards.shipping_discount
    taxes = taxes_of(basket, written, paid_shipping, counter.profile)
    totals = _totals(answered, request, taxes, counter.profile)
    return Quote(
        totals=totals,
        lines=with_taxes(basket, written, taxes),
        shipping=QuotedShipping(shipping, rewards.shipping_discount, paid_shipping, taxes.shipping),
        applied=[
            *[applied_on_goods(item, shops) for item in priced.applied],
            *[applied_around(item, priced, shops) for item in rewards.given],
        ],
        refused=_refused(answered, counter, request),
        suggestions=suggestions,
        gifts=gifts(rewards.given),
        proof=answered.proof,
        rules_version=counter.promotions.rules_version,
        currency=request.currency,
        gift_choices=gift_choices(rewards.given),
        points=points(priced, rewards.given),
        cashback=sum([item.cashback for item in rewards.given]),
        taxes=tax_rows(taxes),
        payments=pay_by_cards(totals.total, request.cart.cards).cards,
    )


def _totals(answered: Answered, request: QuoteRequest, taxes: Taxes, profile: Profile) -> Totals:
    items, discount = answered.basket.subtotal, answered.priced.discount
    shipping, off = request.cart.shipping.amount, answered.rewards.shipping_discount
    tax = sum([part.tax for part in taxes.parts])
    on_top = tax if profile.tax == "exclusive" else 0
    total = items - discount + shipping - off + on_top
    cards = pay_by_cards(total, request.cart.cards).paid
    return Totals(items, discount, shipping, off, tax, total, cards, total - cards)


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
            _units(pieces[place], line.price, profile)
            if place in pieces
            else _equal_units(discount, line.quantity, line.price, profile),
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


def _refused(answered: Answered, counter: Counter, request: QuoteRequest) -> list[RefusedPromotion]:
    """Say of codes, always, and of promotions, where asked, why they give nothing."""
    matcher = counter.matcher
    refused = [RefusedPromotion(None, bad.reason, code=bad.code) for bad in matcher.codes.bad]
    unmet = answered.priced.unmet + answered.rewards.unmet
    if not request.options.explain:
        return refused + [_unmet(item) for item in unmet if item.placed.code is not None]
    refused += [_unmet(item) for item in unmet]
    for away in matcher.away(answered.basket, answered.placed):
        offer, reason, shortfall, unit = away
        refused.append(RefusedPromotion(offer.id, reason, offer.name, None, shortfall, unit))
    return refused


def _unmet(unmet: Unmet) -> RefusedPromotion:
    offer, code = unmet.placed.offer, unmet.placed.code
    return RefusedPromotion(
        offer.id,
        unmet.reason,
        offer.name,
        code,
        unmet.shortfall,
        unmet.shortfall_unit,
        unmet.other,
    )
