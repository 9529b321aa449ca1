"""The flash price in a quote: what the token of a cart's line comes to.

A line has the price of its reservation when the token is ours, its time is not over, and customer,
goods, quantity and currency are those of the reservation. Otherwise the line costs what it always
does, and the answer says why.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from queqiao.decide.promotions.documents.profile import Layer
from queqiao.decide.promotions.flash_sales.documents import STACKS_WITH, StockReturn
from queqiao.decide.promotions.flash_sales.prices import HeldPrice, HeldPrices
from queqiao.decide.promotions.flash_sales.snapshot import Sales
from queqiao.decide.promotions.quote_types import CartLine, QuoteRequest
from queqiao.decide.promotions.reasons import PriceReason
from queqiao.kernel.errors import Gone, InvalidInput


class Deal(NamedTuple):
    """The price of a line's units by its reservation, in minor units.

    ``stacks_with``: the layers whose promotions may give on them, as the sale's document says;
    ``returns_stock``: when what was sold so goes back to the sale's stock; ``unpaid_us``: how long
    an order with it may wait for its payment, None where the sale is no more.
    """

    price_minor: int
    reservation_id: str
    flash_sale_id: str
    session: str
    stacks_with: frozenset[Layer]
    returns_stock: StockReturn = "cancelled"
    unpaid_us: int | None = None


Deals = Mapping[str, Deal | PriceReason]
"""What each token of a question comes to."""

NO_DEALS: Deals = MappingProxyType({})


class FlashPrices(NamedTuple):
    """Reads tokens. ``sales`` gives the sales of this moment: they say what stacks."""

    prices: HeldPrices
    sales: Callable[[], Sales]

    def deals(self, question: QuoteRequest, now_us: int) -> Deals:
        """Return what the question's tokens come to at this very moment."""
        lines = [line for line in question.cart.lines if line.price_token is not None]
        return {line.price_token or "": self._deal(line, question, now_us) for line in lines}

    def _deal(self, line: CartLine, question: QuoteRequest, now_us: int) -> Deal | PriceReason:
        try:
            held = self.prices.of(line.price_token or "", now_us)
        except InvalidInput:
            return "price_token_unknown"
        except Gone:
            return "price_token_expired"
        reason = _differs(held, line, question)
        return self._of(held) if reason is None else reason

    def _of(self, held: HeldPrice) -> Deal:
        sale = self.sales().get(held.flash_sale_id)
        return Deal(
            held.price_minor,
            held.reservation_id,
            held.flash_sale_id,
            held.session,
            frozenset(STACKS_WITH) if sale is None else sale.stacks_with,
            "cancelled" if sale is None else sale.returns_stock,
            None if sale is None else sale.expires_after_us,
        )


def _differs(held: HeldPrice, line: CartLine, question: QuoteRequest) -> PriceReason | None:
    """Return what of the reservation is not the line's."""
    if held.customer_id != question.customer.id:
        return "price_token_of_another"
    if held.sku != line.sku:
        return "price_token_other_goods"
    if held.quantity != line.quantity:
        return "price_token_other_quantity"
    return None if held.currency == question.currency else "price_token_other_currency"
