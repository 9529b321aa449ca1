"""What the event log is told: a reservation was committed, released, or its goods came back."""

from hashlib import blake2b
from typing import Literal

import msgspec

from queqiao.decide.promotions.flash_sales.counters import Held
from queqiao.kernel import json
from queqiao.kernel.envelope import Envelope, encode_envelope
from queqiao.kernel.vocabulary import Reservation
from queqiao.ports.event_log.base import NewEvent

SOURCE = "queqiao"
"""The source of events that the system itself tells."""

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
    envelope = Envelope(
        message_id=message_id(verb, key),
        type="track",
        timestamp_us=now_us,
        received_at_us=now_us,
        source=SOURCE,
        event=f"Reservation {verb}",
        user_id=held.customer_id,
        properties=msgspec.Raw(json.encode(told)),
    )
    fingerprint = blake2b(f"{key}\x1f{verb}\x1f{order_id}".encode(), digest_size=8).digest()
    return NewEvent(SOURCE, envelope.message_id, encode_envelope(envelope), fingerprint)


def message_id(verb: Verb, key: str) -> str:
    """Return the id of the event of a verb on a reservation."""
    return f"reservation-{verb.lower()}-{key}"
