"""What the goods that are kept cost by themselves, under the promotions that the order used.

The order's promotions held for its customer, its time, its channel and its codes; that stays so.
Only what they ask of the cart is asked again, of the goods that are kept. What an engagement made
of a promotion, and what was left of a budget, show in what the promotion gave: it gives no more.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import fields, replace

from queqiao.catalog.contracts import Goods
from queqiao.decide.promotions.documents.benefit import (
    Benefit,
    FixedBenefit,
    GiftBenefit,
    Pick,
    Reducible,
)
from queqiao.decide.promotions.documents.condition import Condition
from queqiao.decide.promotions.documents.mechanic import Bargain, Presale
from queqiao.decide.promotions.documents.promotion import InlinePromotion, Limits
from queqiao.decide.promotions.documents.scope import Scope
from queqiao.decide.promotions.flash_sales.deals import Deal
from queqiao.decide.promotions.layers import layer_of
from queqiao.decide.promotions.quote_types import (
    Cart,
    CartLine,
    CatalogItem,
    Options,
    QuotedGift,
    QuoteRequest,
)
from queqiao.decide.promotions.quoting import Shop, quote
from queqiao.decide.promotions.refunds.refund_types import Order
from queqiao.decide.promotions.refunds.sold import Sold, Units
from queqiao.kernel.errors import FieldError, InvalidInput, Message

OF_THE_CART = frozenset(
    field.name
    for field in fields(Condition)
    if field.name.startswith(("subtotal_", "quantity_", "kinds_"))
) | {"goods", "reads", "any", "not_"}
"""What a condition asks of the cart. Trees of ``any`` and ``not`` are asked whole."""


class Kept(NamedTuple):
    """What is kept: its price with the tax on top, that of delivery, and what it still earns."""

    goods: int = 0
    tax: int = 0
    shipping: int = 0
    amounts: Mapping[str, int] = {}
    points_used: int = 0
    points_earned: int = 0
    cashback: int = 0
    gifts: Sequence[QuotedGift] = ()


def price_kept(order: Order, sold: Sold, gone: Units, shop: Shop, now_us: int) -> Kept:
    """Price what is left of an order. Raises InvalidInput where its promotions are not known."""
    deals = _deals(order)
    lines = tuple(
        CartLine(line.sku, len(line.units) - len(places), line.id, price_token=line.id)
        if line.id in deals
        else CartLine(line.sku, len(line.units) - len(places), line.id, line.unit_price)
        for line, places in zip(sold.lines, gone, strict=True)
        if len(places) < len(line.units)
    )
    if not lines:
        return Kept()
    answer = quote(_question(order, lines, shop), shop._replace(deals=deals), now_us)
    totals = answer.totals
    without = totals.items - totals.discount + totals.shipping - totals.shipping_discount
    on_top = totals.total > without
    shipping = answer.shipping.total + (answer.shipping.tax if on_top else 0)
    # Together promotions may give more on a part (one of them no longer stands before another):
    # what went out of the order then is still refunded at its list price at most.
    beyond = max(0, totals.discount - order.quote.totals.discount)
    return Kept(
        goods=totals.total - shipping + beyond,
        tax=totals.tax - answer.shipping.tax,
        shipping=shipping,
        amounts={item.promotion_id: item.amount + item.value for item in answer.applied},
        points_used=answer.points.used,
        points_earned=answer.points.earned,
        cashback=answer.cashback,
        gifts=answer.gifts,
    )


def _deals(order: Order) -> Mapping[str, Deal]:
    """Return the flash prices of the order's lines; the id of a line stands for its token."""
    return {
        line.id: Deal(
            line.unit_price,
            sale.reservation_id,
            sale.flash_sale_id,
            sale.session,
            frozenset(sale.stacks_with),
        )
        for line in order.quote.lines
        if (sale := line.flash_sale) is not None
    }


def _question(order: Order, lines: tuple[CartLine, ...], shop: Shop) -> QuoteRequest:
    asked, quoted = order.question, order.quote
    if asked is None:
        message = Message(
            "收回优惠需要下单时的提问", "to claw back, send the question of the quote"
        )
        raise InvalidInput(FieldError("order.question", message))
    promotions = _promotions(order)
    choices: dict[str, tuple[str, ...]] = {}
    for gift in quoted.gifts:
        choices[gift.promotion_id] = (*choices.get(gift.promotion_id, ()), gift.sku)
    cart = Cart(
        lines,
        asked.cart.shipping,
        asked.cart.payment_method,
        quoted.points.used,
        choices,
    )
    return replace(
        asked,
        cart=cart,
        catalog=_catalog(order, asked, shop),
        promotions=promotions,
        codes=tuple({item.code_batch for item in promotions if item.code_batch is not None}),
        options=Options(explain=False),
    )


def _promotions(order: Order) -> tuple[InlinePromotion, ...]:
    """Return the documents of the promotions that the order used."""
    given = order.promotions
    if given is None and order.question is not None:
        given = order.question.promotions
    known = {
        document.id or f"promotions[{index}]": document
        for index, document in enumerate(given or ())
    }
    used = _given(order)
    if not used.keys() <= known.keys():
        message = Message(
            "缺少订单所用促销当时的文档", "the documents of the order's promotions are missing"
        )
        raise InvalidInput(FieldError("order.promotions", message))
    return tuple(
        as_used(known[promotion_id], promotion_id, given, _touched(order, promotion_id))
        for promotion_id, given in used.items()
    )


def _given(order: Order) -> dict[str, int]:
    """Return what each promotion gave to the whole order."""
    given: dict[str, int] = {}
    for item in order.quote.applied:
        given[item.promotion_id] = given.get(item.promotion_id, 0) + item.amount + item.value
    return given


def _touched(order: Order, promotion_id: str) -> tuple[str, ...]:
    """Return the SKUs off whose lines a promotion took something, and those of its gifts."""
    lines, gifts = order.quote.lines, order.quote.gifts
    off = [line.sku for line in lines for one in line.applied if one.promotion_id == promotion_id]
    given = [gift.sku for gift in gifts if gift.promotion_id == promotion_id]
    return tuple(dict.fromkeys((*off, *given)))


def as_used(
    document: InlinePromotion, promotion_id: str, given: int, skus: tuple[str, ...]
) -> InlinePromotion:
    """Return the promotion with what it asks of the cart only: all else held for the order.

    ``given`` is what it gave to the whole order, in minor units, off goods of ``skus``, or giving
    them: a bargain is for those alone, and of gifts those are given that the order got.
    """
    is_bargain = isinstance(document.mechanic, Bargain)
    return replace(
        document,
        id=promotion_id,
        scope=Scope(skus=skus) if is_bargain and skus else document.scope,
        benefit=_benefit_of_then(document, given, skus),
        starts_at=None,
        ends_at=None,
        layer=layer_of(document),
        condition=_of_the_cart(document.condition),
        mechanic=None,
        limits=Limits(),
    )


def _benefit_of_then(document: InlinePromotion, given: int, skus: tuple[str, ...]) -> Benefit:
    """Return the benefit as an engagement, the end of a budget or of gifts had made it."""
    benefit = document.benefit
    if isinstance(benefit, GiftBenefit) and benefit.instead:
        every = (*benefit.gifts, *benefit.instead)
        got = tuple(replace(gift, stock=None) for gift in every if gift.sku in skus)
        return replace(benefit, gifts=got or benefit.gifts, instead=(), choose=None)
    if isinstance(document.mechanic, Bargain):
        return FixedBenefit(given, pick=Pick("dearest", 1))
    if isinstance(document.mechanic, Presale):
        return FixedBenefit(given)
    if document.limits.budget_end == "reduce" and isinstance(benefit, Reducible):
        return replace(benefit, cap=given if benefit.cap is None else min(benefit.cap, given))
    return benefit


def _of_the_cart(condition: Condition) -> Condition:
    kept = {name: getattr(condition, name) for name in OF_THE_CART}
    return Condition(**kept, all=tuple(_of_the_cart(part) for part in condition.all))


def _catalog(order: Order, asked: QuoteRequest, shop: Shop) -> tuple[CatalogItem, ...]:
    """Return the goods as the order knew them, else as the catalogue does now; never out of stock.

    Prices are the order's own.
    """
    prices = {line.sku: line.unit_price for line in order.quote.lines}
    prices |= {gift.sku: gift.value for gift in order.quote.gifts if gift.sku not in prices}
    if asked.catalog is not None:
        known = {item.sku: replace(item, stock=None) for item in asked.catalog}
    else:
        found = (shop.price_book.goods(sku) for sku in prices)
        same = (goods for goods in found if goods and goods.currency == asked.currency)
        known = {goods.sku: _item(goods) for goods in same}
    return tuple(known.get(sku) or CatalogItem(sku, price) for sku, price in prices.items())


def _item(goods: Goods) -> CatalogItem:
    facts = goods.facts
    return CatalogItem(
        goods.sku,
        goods.price_minor,
        goods.list_price_minor,
        goods.minimum_price_minor,
        facts.tags,
        facts.categories,
        facts.brand,
        facts.shop,
        facts.tax_category,
    )
