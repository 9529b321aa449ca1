"""The system's own books in the event log: what is left of their events when a person is erased.

An order is booked in events of ours: what was reserved, given, paid, sold, refunded. The law keeps
books for years, and reconciliations read them, so an erasure takes the person out of them and
leaves the order. No key may send under this source, so their forms are ours alone.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from queqiao.kernel.vocabulary import ADS_SOURCE

OWN_SOURCE = "queqiao"
"""The source of the system's own books."""

ROW_FIELDS = (
    "redemption_id", "order_id", "currency", "discount_minor", "total_minor", "uses",
    "platform_minor", "shop_minor", "brand_minor", "promotion_id", "promotion_ids", "ledger_key",
    "reserved_at", "expires_at", "reason", "coupon", "coupon_id", "coupon_name",
    "reservation_id", "flash_sale_id", "session", "sku", "quantity", "price_minor",
    "engagement_id", "customers", "arm", "programme_id", "points", "amount", "added",
    "available_at", "tier", "before",
)  # fmt: skip
"""The properties that rows of erased people's events keep: nothing in them tells of a person."""

KEPT_FIELDS = {OWN_SOURCE: ROW_FIELDS, ADS_SOURCE: ("bill",)}
"""The same by source. Of an ad its bill stays: invoices add up, whoever clicked."""

_WHO = frozenset(("customer", "customer_id", "device_id", "address"))
"""Fields of any depth that say who ordered."""

_EMPTIED = frozenset(("asked",))
"""Digests of whole questions, the customer's id among them."""

_COUNTERS_OF_ONE = (":customer:", ":customer-day:", ":device:")
"""What names of counters of one customer or device have in them."""

_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])


def row_properties(raw: bytes, source: str) -> bytes:
    """Return of the properties of an event of a source of ours what an erased row keeps."""
    kept = kept_fields(raw, source).items()
    return b"{" + b",".join(b'"%b":%b' % (name.encode(), value) for name, value in kept) + b"}"


def kept_fields(raw: bytes, source: str) -> dict[str, msgspec.Raw]:
    """Return the same by name; nothing of other sources."""
    if source not in KEPT_FIELDS:
        return {}
    given = _fields.decode(raw)
    return {name: given[name] for name in KEPT_FIELDS[source] if name in given}


def without_person(raw: bytes) -> dict[str, msgspec.Raw]:
    """Return the properties of an own event, at any depth without who it was."""
    said = _scrubbed(msgspec.json.decode(raw))
    return {name: msgspec.Raw(msgspec.json.encode(value)) for name, value in said.items()}


def _scrubbed(value: Any) -> Any:
    if isinstance(value, list):
        return [_scrubbed(one) for one in value]
    if not isinstance(value, dict):
        return value
    kept = {name: one for name, one in value.items() if name not in _WHO}
    for name, one in kept.items():
        kept[name] = _takes_of_nobody(one) if name == "takes" else _scrubbed(one)
    for name in _EMPTIED & kept.keys():
        kept[name] = ""
    if isinstance(given_back := kept.get("given_back"), dict):
        given_back["reason"] = ""  # words of the shop's about an order
    return kept


def _takes_of_nobody(takes: Mapping[str, int]) -> dict[str, int]:
    """Return what an order took of counters that are not of one customer or device."""
    return {
        counter: amount
        for counter, amount in takes.items()
        if not counter.startswith("engagement:")
        and not any(mark in counter for mark in _COUNTERS_OF_ONE)
    }
