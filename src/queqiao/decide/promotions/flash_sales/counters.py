"""What a reservation is in the ledger: its key, its counters, and how they are read back.

The price stands among the amounts as a counter of which 0 is taken: nothing is counted by it, but
it is remembered with the key, so a retry after a change of price gets the price of its first
answer.
"""

from collections.abc import Mapping
from hashlib import blake2b

import msgspec

from queqiao.decide.promotions.flash_sales.messages import Wish
from queqiao.decide.promotions.flash_sales.sessions import Session
from queqiao.decide.promotions.flash_sales.snapshot import Sale
from queqiao.ports.ledger.base import Ask

ID_PREFIX = "rsv_"
_ID_LENGTH = len(ID_PREFIX) + 32


class Held(msgspec.Struct, frozen=True):
    """A reservation as its counters tell it."""

    flash_sale_id: str
    session: str
    sku: str
    quantity: int
    price_minor: int
    currency: str
    customer_id: str


def reservation_id(sale_id: str, request_id: str) -> str:
    """Return the key of a request's reservation: the same request has the same key."""
    digest = blake2b(f"{sale_id}\x1f{request_id}".encode(), digest_size=16)
    return ID_PREFIX + digest.hexdigest()


def is_reservation_id(text: str) -> bool:
    """Say whether a text could be the id of a reservation, and so no other key of the ledger."""
    return len(text) == _ID_LENGTH and text.startswith(ID_PREFIX) and text.isascii()


def stock_counter(sale_id: str, session_id: str, sku: str) -> str:
    """Return the counter of an item's stock in a session."""
    return f"flash:stock:{sale_id}:{session_id}:{sku}"


def queue_counter(sale_id: str, session_id: str) -> str:
    """Return the counter from which a session's queue draws its numbers."""
    return f"flash:queue:{sale_id}:{session_id}"


def ask_of(sale: Sale, session: Session, wish: Wish, now_us: int) -> Ask:
    """Return the one step that reserves: window, limits of the customer, stock."""
    sku, quantity, customer_id = wish.sku, wish.quantity, wish.customer_id
    key = reservation_id(sale.id, wish.request_id)
    item, limits = sale.items[sku], sale.limits
    at = f"{sale.id}:{session.id}:"
    mine = f"flash:customer:{at}{sku}:{customer_id}"
    stock = f"flash:stock:{at}{sku}"
    most = item.stock if item.limit_per_customer is None else item.limit_per_customer
    amounts = {
        mine: quantity,
        stock: quantity,
        f"flash:price:{sale.currency}:{item.price_minor}": 0,
    }
    bounds = {mine: most, stock: item.stock}
    if limits.per_session is not None:
        _add(amounts, bounds, f"flash:session:{at}{customer_id}", quantity, limits.per_session)
    if limits.per_sale is not None:
        _add(amounts, bounds, f"flash:sale:{sale.id}:{customer_id}", quantity, limits.per_sale)
    opens_us, closes_us = (session.starts_us, session.ends_us) if sale.is_live else (0, 0)
    return Ask(key, amounts, bounds, now_us + sale.expires_after_us, opens_us, closes_us)


def _add(
    amounts: dict[str, int], bounds: dict[str, int], counter: str, quantity: int, limit: int
) -> None:
    amounts[counter], bounds[counter] = quantity, limit


def held_of(asked: Mapping[str, int]) -> Held | None:
    """Return what amounts by counter say; None when they are not of a reservation of ours."""
    stock = next((name for name in asked if name.startswith("flash:stock:")), None)
    price = next((name for name in asked if name.startswith("flash:price:")), None)
    if stock is None or price is None:
        return None
    _, _, sale_id, session, sku = stock.split(":", 4)
    _, _, currency, price_minor = price.split(":", 3)
    mine = f"flash:customer:{sale_id}:{session}:{sku}:"
    customer = next(name for name in asked if name.startswith(mine)).removeprefix(mine)
    return Held(sale_id, session, sku, asked[stock], int(price_minor), currency, customer)


def reason_of(counter: str) -> str:
    """Return the stable code of a refusal by the counter that was short."""
    kind = counter.split(":", 2)[1] if counter.startswith("flash:") else counter
    return {
        "(early)": "not_started",
        "(late)": "ended",
        "stock": "sold_out",
        "customer": "customer_limit",
        "session": "session_limit",
        "sale": "sale_limit",
    }[kind]
