"""What the event log is told: a reservation was committed, released, or its goods came back."""

from typing import Literal

from queqiao.decide.promotions.flash_sales.counters import Held
from queqiao.kernel.vocabulary import Reservation
from queqiao.ports.event_log.base import NewEvent
from queqiao.ports.event_log.own import own_event

Verb = Literal["Committed", "Released", "Returned"]


def event(verb: Verb, key: str, held: Held, order_id: str, now_us: int) -> NewEvent:
    """Return the event; its id is of the reservation and the verb, so the log keeps it once.

    The order is in its fingerprint: another order for the same reservation is a conflict.
    """
    told = Reservation(
        reservation_id=key,
        flash_sale_id=held.flash_sale_id,
        session=held.session,
        sku=held.sku,
        quantity=held.quantity,
        price_minor=held.price_minor,
        currency=held.currency,
        order_id=order_id or None,
    )
    return own_event(
        message_id(verb, key),
        f"Reservation {verb}",
        told,
        now_us,
        user_id=held.customer_id,
        said=f"{key}\x1f{verb}\x1f{order_id}".encode(),
    )


def message_id(verb: Verb, key: str) -> str:
    """Return the id of the event of a verb on a reservation."""
    return f"reservation-{verb.lower()}-{key}"
