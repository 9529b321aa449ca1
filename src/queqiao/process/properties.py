"""The properties that columns and machines need, typed; amounts and quantities exact."""

from decimal import Decimal

import msgspec

from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.money import MINOR_MAX, parse_minor

Identifier = str | int | None

_QUANTITY_MAX = 2**31


class Item(msgspec.Struct, gc=False):
    """One product of an event."""

    product_id: Identifier = None
    sku: Identifier = None
    category: str | None = None
    brand: str | None = None
    variant: str | None = None
    position: int | float | str | None = None
    price: Decimal | None = None
    price_minor: int | None = None
    list_price_minor: int | None = None
    discount_minor: int | None = None
    quantity: int | float | None = None
    coupon: str | None = None


class Properties(Item, gc=False):
    """The properties that matter to some column or machine; the rest stays JSON."""

    order_id: Identifier = None
    currency: str | None = None
    total: Decimal | None = None
    total_minor: int | None = None
    subtotal: Decimal | None = None
    subtotal_minor: int | None = None
    revenue: Decimal | None = None
    revenue_minor: int | None = None
    shipping: Decimal | None = None
    shipping_minor: int | None = None
    tax: Decimal | None = None
    tax_minor: int | None = None
    discount: Decimal | None = None
    cost_minor: int | None = None
    campaign_id: Identifier = None
    creative_id: Identifier = None
    placement_id: Identifier = None
    decision_id: Identifier = None
    promotion_id: Identifier = None
    promotion_ids: list[str] = []
    previous_id: Identifier = None
    list_id: Identifier = None
    cart_id: Identifier = None
    query: str | None = None
    reason: str | None = None
    attributed_by: str | None = None
    window_days: int | None = None
    products: list[Item] = []


_properties = msgspec.json.Decoder(Properties)
_ITEM_MINORS = tuple(name for name in Item.__struct_fields__ if name.endswith("_minor"))
_MINORS = tuple(name for name in Properties.__struct_fields__ if name.endswith("_minor"))


def read_properties(raw: bytes) -> tuple[Properties, list[FieldError]]:
    """Return what is said, and what could not be taken as it came.

    A property of a wrong type is left out and named: what the door lets pass must never stop the
    loader.
    """
    problems: list[FieldError] = []
    try:
        properties = _properties.decode(raw)
    except msgspec.DecodeError:
        properties = _lenient(raw, problems)
    _leave_out_too_large(properties, problems)
    return properties, problems


def _lenient(raw: bytes, problems: list[FieldError]) -> Properties:
    """Read field by field, leaving out those of a wrong type."""
    given = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    kept: dict[str, msgspec.Raw] = {}
    for name in Properties.__struct_fields__:
        if name not in given:
            continue
        if _is_right(name, given[name]):
            kept[name] = given[name]
        else:  # of another type, or a number that no type holds
            problems.append(FieldError(f"properties.{name}", Message("类型不对", "wrong type")))
    return _properties.decode(msgspec.json.encode(kept))


_WRONG = msgspec.Raw(b"true")
"""Of no type that a property has: read again, it is named as a wrong one was."""
_parts = msgspec.json.Decoder(dict[str, msgspec.Raw])
_items = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])


def known_part(raw: bytes) -> dict[str, msgspec.Raw]:
    """Return of properties what matters to columns and machines, and nothing in free words.

    Read again, it says the same and has the same problems.
    """
    given = _parts.decode(raw)
    kept: dict[str, msgspec.Raw] = {}
    for name in Properties.__struct_fields__:
        if name in given:
            is_right = _is_right(name, given[name])
            kept[name] = given[name] if is_right else _WRONG
            if is_right and name == "products":
                kept[name] = _known_items(given[name])
    return kept


def _is_right(name: str, value: msgspec.Raw) -> bool:
    try:
        _properties.decode(msgspec.json.encode({name: value}))
    except msgspec.DecodeError:
        return False
    return True


def _known_items(products: msgspec.Raw) -> msgspec.Raw:
    names = frozenset(Item.__struct_fields__)
    items = [
        {name: value for name, value in one.items() if name in names}
        for one in _items.decode(products)
    ]
    return msgspec.Raw(msgspec.json.encode(items))


def _leave_out_too_large(properties: Properties, problems: list[FieldError]) -> None:
    """Leave out, and name, the integers of minor units that no amount reaches."""
    named: list[tuple[str, Item]] = [("properties", properties)]
    named += [(f"properties.products[{at}]", one) for at, one in enumerate(properties.products)]
    for path, one in named:
        for name in _MINORS if one is properties else _ITEM_MINORS:
            minor = getattr(one, name)
            if minor is not None and abs(minor) > MINOR_MAX:
                setattr(one, name, None)
                problems.append(too_large(f"{path}.{name}"))


def too_large(path: str) -> FieldError:
    """Return what is said of an amount out of bounds."""
    return FieldError(path, Message("金额过大", "the amount is too large"))


def text_of(value: Identifier) -> str:
    """Return an id as text, empty where it is absent."""
    return "" if value is None else str(value)


def minor_of(minor: int | None, decimal: Decimal | None, currency: str, path: str) -> int | None:
    """Return an amount in minor units: the integer where given, else the decimal, exactly.

    None when neither is there. Raises InvalidInput when it does not fit whole minor units.
    """
    if minor is not None:
        if abs(minor) > MINOR_MAX:
            raise InvalidInput(too_large(path))
        return minor
    return None if decimal is None else parse_minor(decimal, currency, path)


def quantity_of(item: Item, path: str = "properties") -> int:
    """Return the whole number of units, 1 when the event does not say."""
    quantity = 1 if item.quantity is None else item.quantity
    if quantity != int(quantity) or abs(quantity) > _QUANTITY_MAX:
        message = Message("数量必须是整数", "the quantity is not a whole number")
        raise InvalidInput(FieldError(f"{path}.quantity", message))
    return int(quantity)
