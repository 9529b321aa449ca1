"""What is written of an order once the ledger holds what it takes."""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec
from msgspec import structs

from queqiao.decide.promotions.coupons.uses import is_order_counter
from queqiao.decide.promotions.redemptions.asking import (
    Priced,
    currency_of,
    customer_of,
    device_of,
    masked,
    recorded,
    reservations_of,
)
from queqiao.decide.promotions.redemptions.redemption_types import NewRedemption, Record
from queqiao.kernel.clock import format_rfc3339


class Lease(NamedTuple):
    """What is held for an order: by which key, from when, until when."""

    redemption_id: str
    digest: str
    key: str
    from_us: int
    until_us: int


def as_held(priced: Priced, amounts: Mapping[str, int]) -> Priced:
    """Return a price whose codes are held until when the ledger says.

    All else is held as it was asked for: of a counter that several promotions take from, the ledger
    tells the sum, and each has its own part of it.
    """
    promotions = [
        structs.replace(item, takes={**item.takes, **_moments(item.takes, amounts)})
        for item in priced.promotions
    ]
    return priced._replace(promotions=promotions)


def _moments(takes: Mapping[str, int], amounts: Mapping[str, int]) -> dict[str, int]:
    return {name: amounts[name] for name in takes if is_order_counter(name)}


def record_of(asked: NewRedemption, priced: Priced, lease: Lease) -> Record:
    """Return what is kept of an order that was priced and holds a lease."""
    question, answer = asked.question, priced.quote
    return Record(
        redemption_id=lease.redemption_id,
        order_id=asked.order_id,
        currency=currency_of(asked),
        discount_minor=priced.discount,
        promotions=priced.promotions,
        ledger_key=lease.key,
        reserved_at=format_rfc3339(lease.from_us),
        expires_at=format_rfc3339(lease.until_us),
        asked=lease.digest,
        request_id=asked.request_id,
        customer_id=customer_of(asked),
        device_id=device_of(asked),
        total_minor=priced.total,
        rules_version="" if answer is None else answer.rules_version,
        question=None if question is None else msgspec.to_builtins(masked(question)),
        quote=recorded(answer),
        profile=None if priced.profile is None else msgspec.to_builtins(priced.profile),
        takes=dict(priced.takes),
        reservations=[] if answer is None else reservations_of(answer),
    )
