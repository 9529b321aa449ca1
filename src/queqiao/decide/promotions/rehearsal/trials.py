"""Pricing carts that are only thought of, within a bound of work."""

from collections.abc import Sequence
from typing import NamedTuple

from queqiao.decide.promotions.documents.profile import Profile
from queqiao.decide.promotions.quote_types import (
    AddOn,
    Cart,
    CartLine,
    Options,
    Quote,
    QuoteRequest,
    Shipping,
)
from queqiao.decide.promotions.quoting import Shop, quote
from queqiao.decide.promotions.rehearsal.shoppers import Shopper

Amounts = tuple[tuple[str, int], ...]
"""A cart: SKUs with their quantities, each once, in order of SKU."""


class Trial(NamedTuple):
    """A cart as it was priced, for whom and when (UTC microseconds)."""

    cart: Amounts
    shopper: Shopper
    at_us: int
    quote: Quote


class Trials:
    """Prices carts under one set of rules; ``left`` says how many more it may price."""

    def __init__(
        self, shop: Shop, currency: str, profile: Profile | str | None, quotes_max: int
    ) -> None:
        self._shop = shop
        self._currency = currency
        self._profile = profile
        self.left = quotes_max

    def price(self, cart: Amounts, shopper: Shopper, at_us: int) -> Trial | None:
        """Return the cart priced; None when the work is used up."""
        if self.left <= 0:
            return None
        self.left -= 1
        asked = self._question(cart, shopper)
        return Trial(cart, shopper, at_us, quote(asked, self._shop, at_us))

    def _question(self, cart: Amounts, shopper: Shopper) -> QuoteRequest:
        lines = tuple(CartLine(sku, quantity, sku) for sku, quantity in cart)
        way = shopper.way
        shipping = Shipping(way.shipping_method, 0, way.country)
        return QuoteRequest(
            Cart(lines, shipping, way.payment_method),
            currency=self._currency,
            profile=self._profile,
            customer=shopper.customer,
            channel=way.channel,
            codes=shopper.codes,
            options=Options(explain=False),
        )


def together(*carts: Amounts) -> Amounts:
    """Return one cart of several; of a SKU in more than one, the larger quantity."""
    found: dict[str, int] = {}
    for cart in carts:
        for sku, quantity in cart:
            found[sku] = max(quantity, found.get(sku, 0))
    return tuple(sorted(found.items()))


def add_ons(cart: Sequence[tuple[str, int]]) -> list[AddOn]:
    """Return a cart as it is written on the wire."""
    return [AddOn(sku, quantity) for sku, quantity in cart]
