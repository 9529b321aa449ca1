"""The quote: a pure question about a cart, answered to the last minor unit. Nothing is reserved."""

from collections.abc import Collection, Mapping, Sequence
from copy import copy
from itertools import repeat
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
from queqiao.decide.promotions.flash_sales.deals import NO_DEALS, Deals
from queqiao.decide.promotions.flash_sales.in_quotes import with_deals
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
from queqiao.decide.promotions.reasons import Reason
from queqiao.decide.promotions.restraints import FREE, Restraints, restrain
from queqiao.decide.promotions.sharing import unit_discounts
from queqiao.decide.promotions.snapshot import PromotionsSnapshot
from queqiao.decide.promotions.suggestions import Tried, suggest
from queqiao.decide.promotions.totals.answer import (
    NO_POINTS,
    all_on_goods,
    applied_around,
    gift_choices,
    gifts,
    points,
    shops_of,
    tax_rows,
    taxes_of,
    with_taxes,
)
from queqiao.decide.promotions.totals.gifts import Shelf
from queqiao.decide.promotions.totals.offered import NO_LOYALTY, with_points
from queqiao.decide.promotions.totals.payments import Payments, pay
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
    deals: Deals = NO_DEALS
    closed_codes: Mapping[str, Reason] = MappingProxyType({})
    """Right codes, in their normal form, that give nothing just now, and why."""
    own_codes: Collection[str] = ()
    """Those that the order of the question has locked already."""


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
        codes = read_codes(request.codes, at_us, self.promotions, shop.closed_codes)
        situation = situation_of(request, at_us, codes.of_batch, self.find)
        self.matcher = Matcher(self.promotions, situation, codes, self.profile)
        self.cart = request.cart
        self.customer_id = request.customer.id
        self.loyalty = request.customer.loyalty or NO_LOYALTY
        self.own_codes = shop.own_codes
        self.device_id = request.customer.device_id
        self.engagements = shop.engagements
        self.deals = shop.deals
        self.restraints = FREE if self.promotions.inline else shop.restraints

    def answer(self, lines: Sequence[CartLine]) -> Answered:
        """Price a cart. Raises InvalidInput for goods that cannot be priced."""
        basket = basket_of(lines, self.find, self.matcher.situation.currency, self.deals)
        matched = self.matcher.match(basket)
        engaged, unengaged = self._engaged(matched, basket)
        placed, withheld = restrain(engaged, self.restraints, self.customer_id)
        withheld += unengaged
        on_goods, around, unmet = self._parted(placed)
        priced, proof = settle(basket, on_goods, self.profile)
        if unmet or withheld:
            priced = priced._replace(unmet=priced.unmet + unmet + withheld)
        rewards = self._rewards(basket, priced, around) if around else NO_REWARDS
        return Answered(basket, priced, proof, matched, rewards, on_goods)

    def _engaged(self, matched: list[Placed], basket: Basket) -> tuple[list[Placed], list[Unmet]]:
        if not self.promotions.has_mechanics:
            return matched, []
        now_us = self.matcher.situation.now_us
        return engage(matched, self.engagements, self.customer_id, now_us, basket)

    def restrained(self, restraints: Restraints) -> "Counter":
        """Return a counter under other restraints."""
        other = copy(self)
        other.restraints = restraints
        return other

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
        bound, unmet = with_points(on_goods, self.cart.points, self.loyalty)
        return bound, around, unmet

    def _rewards(self, basket: Basket, priced: Priced, around: Sequence[Placed]) -> Rewards:
        in_cart: dict[str, int] = {}
        for line in basket.lines:
            in_cart[line.sku] = in_cart.get(line.sku, 0) + line.quantity
        shelf = Shelf(self.find, in_cart)
        cart = self.cart
        desk = Desk(basket, priced, self.profile, cart.shipping.amount, shelf, cart.gift_choices)
        desk.earn_percent = self.loyalty.earn_percent
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
    if basket.has_tokens:
        written = with_deals(written, lines, counter.deals)
    shipping = request.cart.shipping.amount
    paid_shipping = shipping - rewards.shipping_discount
    taxes = taxes_of(basket, written, paid_shipping, counter.profile)
    total = _total(answered, request, taxes, counter.profile)
    payments = pay(total, request.cart, request.customer.store_credit)
    totals = _totals(answered, request, taxes, total, payments)
    only_money = counter.promotions.only_on_goods
    return Quote(
        totals=totals,
        lines=with_taxes(basket, written, taxes),
        shipping=QuotedShipping(shipping, rewards.shipping_discount, paid_shipping, taxes.shipping),
        applied=[
            *all_on_goods(priced.applied, shops, only_money=only_money),
            *[applied_around(item, priced, shops) for item in rewards.given],
        ],
        refused=_refused(answered, counter, request),
        suggestions=suggestions,
        gifts=gifts(rewards.given),
        proof=answered.proof,
        rules_version=counter.promotions.rules_version,
        currency=request.currency,
        gift_choices=gift_choices(rewards.given),
        points=NO_POINTS if only_money else points(priced, rewards.given),
        cashback=sum([item.cashback for item in rewards.given]),
        taxes=tax_rows(taxes),
        payments=payments.by_means,
    )


def _total(answered: Answered, request: QuoteRequest, taxes: Taxes, profile: Profile) -> int:
    paid_goods = answered.basket.subtotal - answered.priced.discount
    paid_shipping = request.cart.shipping.amount - answered.rewards.shipping_discount
    on_top = sum([part.tax for part in taxes.parts]) if profile.tax == "exclusive" else 0
    return paid_goods + paid_shipping + on_top


def _totals(
    answered: Answered, request: QuoteRequest, taxes: Taxes, total: int, paid: Payments
) -> Totals:
    items, discount = answered.basket.subtotal, answered.priced.discount
    shipping, off = request.cart.shipping.amount, answered.rewards.shipping_discount
    tax = sum([part.tax for part in taxes.parts])
    due = total - paid.cards - paid.store_credit
    return Totals(items, discount, shipping, off, tax, total, paid.cards, due)


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
        mine = shares if len(lines) == line_count else [shares[index] for index in lines]
        given = map(LineShare, repeat(promotion_id), item.parts)
        for of_line, share in zip(mine, given, strict=True):
            if share.amount:
                of_line.append(share)
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
    everything = request.options.everything
    for away in matcher.away(answered.basket, answered.placed, everything=everything):
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
        unmet.left,
    )
