"""What a reservation is in the ledger: its key, its counters, and how they are read back.

The price stands among the amounts as a counter of which 0 is taken: nothing is counted by it, but
it is remembered with the key, so a retry after a change of price gets the price of its first
answer.
"""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import msgspec

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


def ids_of(sale_id: str) -> Any:
    """Return the state of the hash that makes a sale's ids, to be copied for each."""
    return blake2b(f"{sale_id}\x1f".encode(), digest_size=16)


def reservation_id(sale_id: str, request_id: str) -> str:
    """Return the key of a request's reservation: the same request has the same key."""
    state = ids_of(sale_id)
    state.update(request_id.encode())
    return ID_PREFIX + str(state.hexdigest())


def is_reservation_id(text: str) -> bool:
    """Say whether a text could be the id of a reservation, and so no other key of the ledger."""
    return len(text) == _ID_LENGTH and text.startswith(ID_PREFIX) and text.isascii()


def stock_counter(sale_id: str, session_id: str, sku: str) -> str:
    """Return the counter of an item's stock in a session."""
    return f"flash:stock:{sale_id}:{session_id}:{sku}"


def customer_prefix(sale_id: str, session_id: str, sku: str) -> str:
    """Return what begins the counter of a customer's pieces of an item, before the customer's id.

    Both ids may hold colons: a SKU that does comes with its length, so no two pairs have one name.
    No other SKU looks so, since its part is not empty.
    """
    part = f":{len(sku)}:{sku}" if ":" in sku else sku
    return f"flash:customer:{sale_id}:{session_id}:{part}:"


def queue_counter(sale_id: str, session_id: str) -> str:
    """Return the counter from which a session's queue draws its numbers."""
    return f"flash:queue:{sale_id}:{session_id}"


def order_counter(reservation: str) -> str:
    """Return the counter that an order takes which sells a reservation by its redemption."""
    return f"redemption:reservation:{reservation}"


def held_of(asked: Mapping[str, int]) -> Held | None:
    """Return what amounts by counter say; None when they are not of a reservation of ours."""
    stock = next((name for name in asked if name.startswith("flash:stock:")), None)
    price = next((name for name in asked if name.startswith("flash:price:")), None)
    if stock is None or price is None:
        return None
    _, _, sale_id, session, sku = stock.split(":", 4)
    _, _, currency, price_minor = price.split(":", 3)
    customer = _customer(asked, customer_prefix(sale_id, session, sku))
    if customer is None:  # named before SKUs with colons had a length
        customer = _customer(asked, f"flash:customer:{sale_id}:{session}:{sku}:") or ""
    return Held(sale_id, session, sku, asked[stock], int(price_minor), currency, customer)


def _customer(asked: Mapping[str, int], prefix: str) -> str | None:
    found = next((name for name in asked if name.startswith(prefix)), None)
    return None if found is None else found.removeprefix(prefix)


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
