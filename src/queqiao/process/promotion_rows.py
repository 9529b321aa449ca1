"""Rows of what the system tells of promotions: uses and what came back, and who came under them.

Only its own events make rows: of any other source the same names are words of a client. What the
rows say beside the columns of ``events`` is read here, and an erasure keeps it in the log.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from queqiao.kernel.envelope import Envelope
from queqiao.kernel.money import MINOR_MAX
from queqiao.kernel.own_events import OWN_SOURCE
from queqiao.process.facts import Fact

EXPOSED = "Promotion Exposed"
USES = {
    "Promotion Applied": "applied",
    "Promotion Returned": "returned",
    "Coupon Applied": "code",
    "Coupon Returned": "code_returned",
}
"""The kind of a row of ``promotion_uses`` by its event. Codes count where no order's redemption
told them already: then the event names a batch."""
TOLD = frozenset((*USES, EXPOSED))


class Told(msgspec.Struct, omit_defaults=True):
    """Of the properties of those events what ``Properties`` does not know."""

    redemption_id: str = ""
    coupon_id: str = ""
    arm: str = ""
    uses: int = 0
    platform_minor: int = 0
    shop_minor: int = 0
    brand_minor: int = 0


_decoder = msgspec.json.Decoder(Told)


def is_told(envelope: Envelope) -> bool:
    """Say whether an event is one of those."""
    return envelope.event in TOLD and envelope.source == OWN_SOURCE


def use_rows(
    fact: Fact, person_id: str, person: int, *, is_named: bool
) -> Sequence[tuple[Any, ...]]:
    """Return the row of ``promotion_uses``, none where the event is of something else.

    Raises nothing: what the system did not write as it does now has no row.
    """
    envelope, goods = fact.envelope, fact.named.goods
    kind = USES.get(envelope.event or "")
    told = _read(fact) if kind is not None else None
    if told is None or (kind in {"code", "code_returned"} and not told.coupon_id):
        return ()
    return (
        (
            fact.offset, kind, goods.promotion_id, goods.order_id, told.redemption_id,
            envelope.timestamp_us, person_id, person, int(is_named), goods.currency, told.uses,
            goods.discount_minor, told.platform_minor, told.shop_minor, told.brand_minor,
            goods.coupon, told.coupon_id, fact.consent,
        ),
    )  # fmt: skip


def exposure_rows(fact: Fact, person_id: str, person: int) -> Sequence[tuple[Any, ...]]:
    """Return the row of ``promotion_exposures``, none where the event is of something else."""
    envelope, promotion_id = fact.envelope, fact.named.goods.promotion_id
    told = _read(fact) if envelope.event == EXPOSED else None
    if told is None or not promotion_id or not told.arm:
        return ()
    at_us = envelope.timestamp_us
    return ((fact.offset, promotion_id, told.arm, at_us, person_id, person, fact.consent),)


def _read(fact: Fact) -> Told | None:
    if fact.envelope.source != OWN_SOURCE:
        return None
    try:
        told = _decoder.decode(fact.named.raw)
    except msgspec.DecodeError:
        return None
    amounts = (told.uses, told.platform_minor, told.shop_minor, told.brand_minor)
    return told if max(map(abs, amounts)) <= MINOR_MAX else None
