"""An item of a sale in a session: what is the same for everybody who wants it, made once."""

from typing import Any

import msgspec

from queqiao.decide.promotions.flash_sales.counters import ID_PREFIX
from queqiao.decide.promotions.flash_sales.messages import Wish
from queqiao.ports.ledger.base import Ask


class Shelf(msgspec.Struct, frozen=True, gc=False):
    """The counters and bounds of an item in a session; ``mine`` and the like lack the customer.

    ``ids`` is the state of the hash that makes the sale's ids (``counters.ids_of``).
    ``limited``: the customer's limits over all items of the session or the sale, by counter.
    """

    ids: Any
    sale_id: str
    session_id: str
    sku: str
    price_minor: int
    currency: str
    stock: str
    stock_limit: int
    mine: str
    mine_limit: int
    price: str
    opens_us: int
    closes_us: int
    expires_after_us: int
    limited: tuple[tuple[str, int], ...] = ()

    def ask(self, wish: Wish, now_us: int) -> Ask:
        """Return the one step that reserves: window, limits of the customer, stock."""
        quantity, customer_id = wish.quantity, wish.customer_id
        mine = self.mine + customer_id
        amounts = {mine: quantity, self.stock: quantity, self.price: 0}
        bounds = {mine: self.mine_limit, self.stock: self.stock_limit}
        for counter, limit in self.limited:
            amounts[counter + customer_id] = quantity
            bounds[counter + customer_id] = limit
        ids = self.ids.copy()
        ids.update(wish.request_id.encode())
        return Ask(
            ID_PREFIX + ids.hexdigest(),
            amounts,
            bounds,
            now_us + self.expires_after_us,
            self.opens_us,
            self.closes_us,
        )
