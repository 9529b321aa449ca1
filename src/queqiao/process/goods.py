"""What an event names: goods, campaign, order, amounts; as the columns of its row.

A shop's page sends the same properties with every view of a product, so what was read is
remembered by its bytes: nearly every event then shares its columns with earlier ones, and they are
stored by reference until they become Arrow.
"""

from functools import lru_cache
from typing import NamedTuple

from queqiao.kernel.errors import FieldError, InvalidInput
from queqiao.process.properties import (
    Properties,
    minor_of,
    quantity_of,
    read_properties,
    text_of,
)

REMEMBERED = 6_000
REMEMBERED_BYTES_MAX = 512
"""Longer properties are read each time; so what is remembered takes 8 MB at most."""
_POSITION_MAX = 1 << 31

PRICE = "properties.price"
"""The path of a price that does not fit."""


class Goods(NamedTuple):
    """The columns of ``events`` that properties fill, in no special order."""

    sku: str = ""
    product_id: str = ""
    category: str = ""
    brand: str = ""
    variant: str = ""
    position: int = 0
    list_id: str = ""
    cart_id: str = ""
    query: str = ""
    order_id: str = ""
    campaign_id: str = ""
    creative_id: str = ""
    placement_id: str = ""
    decision_id: str = ""
    promotion_id: str = ""
    coupon: str = ""
    reason: str = ""
    attributed_by: str = ""
    currency: str = ""
    quantity: int = 0
    value_minor: int = 0
    cost_minor: int = 0
    subtotal_minor: int = 0
    discount_minor: int = 0
    shipping_minor: int = 0
    tax_minor: int = 0
    properties: bytes = b"{}"


class Named(NamedTuple):
    """The properties of an event, read. Shared between events: never changed.

    ``problems`` lists what was left out of ``properties``; ``faults`` what does not fit ``goods``.
    """

    raw: bytes
    properties: Properties
    problems: tuple[FieldError, ...]
    goods: Goods
    faults: tuple[FieldError, ...]


NOTHING_NAMED = Named(b"{}", Properties(), (), Goods(), ())


class GoodsReader:
    """Reads properties. ``currency`` is the shop's, for decimals of events that name none."""

    def __init__(self, currency: str) -> None:
        self._currency = currency
        self._remembered = lru_cache(maxsize=REMEMBERED)(self._read)

    def read(self, raw: bytes) -> Named:
        """Return what properties say; see ``properties.read_properties``."""
        return self._remembered(raw) if len(raw) <= REMEMBERED_BYTES_MAX else self._read(raw)

    def _read(self, raw: bytes) -> Named:
        properties, problems = read_properties(raw)
        faults: list[FieldError] = []
        goods = _goods(raw, properties, self._currency, faults)
        return Named(raw, properties, tuple(problems), goods, tuple(faults))


def _goods(raw: bytes, named: Properties, currency: str, faults: list[FieldError]) -> Goods:
    product_id, paid_in = text_of(named.product_id), named.currency or currency
    return Goods(
        text_of(named.sku) or product_id,
        product_id,
        named.category or "",
        named.brand or "",
        named.variant or "",
        _position(named),
        text_of(named.list_id),
        text_of(named.cart_id),
        named.query or "",
        text_of(named.order_id),
        text_of(named.campaign_id),
        text_of(named.creative_id),
        text_of(named.placement_id),
        text_of(named.decision_id),
        text_of(named.promotion_id),
        named.coupon or "",
        named.reason or "",
        named.attributed_by or "",
        named.currency or "",
        _quantity(named, faults),
        _value(named, paid_in, faults),
        named.cost_minor or 0,
        _amount(named, "subtotal", paid_in, faults),
        _amount(named, "discount", paid_in, faults),
        _amount(named, "shipping", paid_in, faults),
        _amount(named, "tax", paid_in, faults),
        raw,
    )


def _position(named: Properties) -> int:
    """Return the place in a list, from 1; 0 where none is said, or in words."""
    said = named.position
    if not isinstance(said, int | float) or not 0 < said < _POSITION_MAX:
        return 0
    return int(said) if said == int(said) else 0


def _amount(named: Properties, name: str, currency: str, faults: list[FieldError]) -> int:
    """Return an amount of an order that is said, 0 where none is."""
    minor, decimal = getattr(named, f"{name}_minor"), getattr(named, name)
    if minor is None and decimal is None:
        return 0
    try:
        return minor_of(minor, decimal, currency, f"properties.{name}") or 0
    except InvalidInput as error:
        faults += error.fields
        return 0


def _quantity(named: Properties, faults: list[FieldError]) -> int:
    """Return the units of the one product, 0 where the event is not about a number of units."""
    if named.quantity is None:
        return 0
    try:
        return quantity_of(named)
    except InvalidInput as error:
        faults += error.fields
        return 0


def _value(named: Properties, currency: str, faults: list[FieldError]) -> int:
    """Return the total that is said, else the price of the one product."""
    try:
        total = minor_of(named.total_minor, named.total, currency, "properties.total")
        if total is not None:
            return total
        return minor_of(named.price_minor, named.price, currency, PRICE) or 0
    except InvalidInput as error:
        faults += error.fields
        return 0
