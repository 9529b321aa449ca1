"""Carts worth pricing: those that just reach what a rule asks, of one SKU and what goes with it."""

from collections.abc import Iterator

from queqiao.catalog.contracts import Goods
from queqiao.decide.promotions.documents.promotion import PromotionDocument
from queqiao.decide.promotions.rehearsal.asks import Asks, asks_of
from queqiao.decide.promotions.rehearsal.shelf import Shelf
from queqiao.decide.promotions.rehearsal.trials import Amounts, together

FEW = (1, 2, 3)
"""Quantities that are tried whatever the rules say."""


def carts_of(
    goods: Goods, document: PromotionDocument, shelf: Shelf, quantity_max: int
) -> Iterator[Amounts]:
    """Yield carts that hold the goods and reach what one rule asks, as cheaply as it goes.

    ``shelf`` holds the goods of the rule. An amount is reached by more of the same, and by one
    unit with something beside it (凑单); a number of units also with the dearest ones beside it,
    so that the goods themselves are what is given away.
    """
    asks = asks_of(document)
    for quantity in sorted({*FEW, *_quantities(goods, asks)}):
        if quantity <= quantity_max:
            yield ((goods.sku, quantity),)
    for amount in asks.amounts:
        yield from _filled(goods, amount, shelf, quantity_max)
    for units in asks.units:
        yield from _beside(goods, units, shelf, quantity_max)


def _quantities(goods: Goods, asks: Asks) -> Iterator[int]:
    yield from asks.units
    price = goods.price_minor
    if price:
        yield from (-(-amount // price) for amount in asks.amounts)


def _filled(goods: Goods, amount: int, shelf: Shelf, quantity_max: int) -> Iterator[Amounts]:
    missing = amount - goods.price_minor
    if missing <= 0:
        return
    one = shelf.reaching(missing)
    if one is not None and one.sku != goods.sku:
        yield together(((goods.sku, 1),), ((one.sku, 1),))
    cheap = shelf.cheapest()
    if cheap is not None and cheap.sku != goods.sku:
        quantity = -(-missing // cheap.price_minor)
        if quantity <= quantity_max:
            yield together(((goods.sku, 1),), ((cheap.sku, quantity),))


def _beside(goods: Goods, units: int, shelf: Shelf, quantity_max: int) -> Iterator[Amounts]:
    if not 1 < units <= quantity_max:
        return
    for other in (shelf.reaching(goods.price_minor + 1), shelf.dearest(), shelf.cheapest()):
        if other is not None and other.sku != goods.sku:
            yield together(((goods.sku, 1),), ((other.sku, units - 1),))
