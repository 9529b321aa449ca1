"""One event read once: the envelope and those properties that columns and machines need."""

from decimal import Decimal

import msgspec

from queqiao.kernel.envelope import Envelope, decode_envelope
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.money import MINOR_MAX, parse_minor
from queqiao.process.consent import EVERYTHING, NOTHING_SAID, Said, read_consent
from queqiao.process.enrichment.context import Context, read_context
from queqiao.process.enrichment.enricher import NOT_ENRICHED, Enriched, Enricher

Identifier = str | int | None

_QUANTITY_MAX = 2**31
TIMESTAMP_US_MAX = 4_102_444_800_000_000
"""2100-01-01. The warehouse's calendar functions end soon after, and begin in 1970."""


class Item(msgspec.Struct, gc=False):
    """One product of an event."""

    product_id: Identifier = None
    sku: Identifier = None
    category: str | None = None
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
    products: list[Item] = []


_properties = msgspec.json.Decoder(Properties)
_ITEM_MINORS = tuple(name for name in Item.__struct_fields__ if name.endswith("_minor"))
_MINORS = tuple(name for name in Properties.__struct_fields__ if name.endswith("_minor"))


class Fact(msgspec.Struct, gc=False):
    """One event, typed. ``problems`` lists what could not be taken as it came.

    ``enriched`` holds the columns that enrichment adds; ``said`` is what the event says about
    consent, and ``consent`` the mask that holds for it, known when its device is.
    """

    offset: int
    envelope: Envelope
    properties: Properties
    context: Context
    problems: list[FieldError]
    enriched: Enriched = NOT_ENRICHED
    said: Said = NOTHING_SAID
    consent: int = EVERYTHING

    @property
    def channel(self) -> str:
        """The channel that the client names, else the medium of its campaign."""
        if self.context.channel:
            return self.context.channel
        return (self.context.campaign.medium if self.context.campaign else None) or ""


def read_fact(offset: int, body: bytes, enricher: Enricher) -> Fact:
    """Return the stored event, typed and enriched; its time is mended.

    A property of a wrong type is left out and named among the problems: what the door lets pass
    must never stop the loader. Raises InvalidInput when the envelope itself cannot be read.
    """
    try:
        envelope = decode_envelope(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(
            FieldError("", Message("信封无法读取", "unreadable envelope"))
        ) from error
    context = read_context(envelope.context)
    enriched = enricher.enrich(envelope, context)
    if not 0 <= envelope.timestamp_us < TIMESTAMP_US_MAX:
        raise InvalidInput(FieldError("timestamp", Message("超出范围", "outside 1970 to 2100")))
    problems: list[FieldError] = []
    try:
        properties = _properties.decode(envelope.properties)
    except msgspec.DecodeError:
        properties = _lenient(envelope.properties, problems)
    _leave_out_too_large(properties, problems)
    said = read_consent(bytes(context.consent))
    return Fact(offset, envelope, properties, context, problems, enriched, said)


def _lenient(raw: msgspec.Raw, problems: list[FieldError]) -> Properties:
    """Read field by field, leaving out those of a wrong type."""
    given = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    kept: dict[str, msgspec.Raw] = {}
    for name in Properties.__struct_fields__:
        if name not in given:
            continue
        try:
            _properties.decode(msgspec.json.encode({name: given[name]}))
            kept[name] = given[name]
        except msgspec.DecodeError:  # of another type, or a number that no type holds
            problems.append(FieldError(f"properties.{name}", Message("类型不对", "wrong type")))
    return _properties.decode(msgspec.json.encode(kept))


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
