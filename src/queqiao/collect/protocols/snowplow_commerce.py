"""Snowplow's e-commerce events, of all three generations, in our vocabulary.

The newest (``snowplow_ecommerce_action`` with entities), the self-describing ``add_to_cart`` and
``remove_from_cart``, and the transaction with its items. Amounts are never computed with but where
Snowplow gives a price before the discount.
"""

from collections.abc import Callable, Mapping
from typing import Any

from queqiao.collect.protocols.reading import (
    amount,
    minor,
    number,
    refuse_many_parts,
    renamed,
    required,
    text,
    without_none,
)
from queqiao.collect.protocols.snowplow_schemas import Described

_VENDOR = "com.snowplowanalytics.snowplow"
_MOBILE_VENDOR = "com.snowplowanalytics.mobile"

Call = dict[str, Any]
Properties = dict[str, Any]

_OF_ONE_PRODUCT = {
    "product_view": "Product Viewed",
    "list_click": "Product Clicked",
    "add_to_cart": "Product Added",
    "remove_from_cart": "Product Removed",
}
_OTHER = {
    "list_view": "Product List Viewed",
    "checkout_step": "Checkout Step Completed",
    "transaction": "Order Completed",
    "transaction_error": "Payment Failed",
    "trns_error": "Payment Failed",
    "refund": "Order Refunded",
    "promo_view": "Promotion Viewed",
    "promo_click": "Promotion Clicked",
}
_PRODUCT = {"id": "sku"}
_ENTITIES: Mapping[str, Mapping[str, str]] = {
    "cart": {"cart_id": "cart_id", "currency": "currency", "total_value": "cart_value"},
    "transaction": {
        "transaction_id": "order_id",
        "currency": "currency",
        "revenue": "total",
        "tax": "tax",
        "shipping": "shipping",
        "discount_amount": "discount",
        "discount_code": "coupon",
        "payment_method": "payment_method",
        "total_quantity": "total_quantity",
        "credit_order": "credit_order",
    },
    "refund": {
        "transaction_id": "order_id",
        "currency": "currency",
        "refund_amount": "total",
        "refund_reason": "reason",
    },
    "promotion": {
        "id": "promotion_id",
        "name": "name",
        "creative_id": "creative_id",
        "position": "position",
        "slot": "placement_id",
        "type": "promotion_type",
        "product_ids": "product_ids",
    },
}


def action(event: Described, entities: list[Described], size: int) -> list[Call]:
    """Return the calls of an e-commerce action; one about one product makes a call for each.

    ``size`` is that of the message in bytes. Raises InvalidInput.
    """
    kind = required(event.data.get("type"), f"{event.path}.type")
    name = _OTHER.get(kind) or _OF_ONE_PRODUCT.get(kind)
    if name is None:
        return [event.call()]
    commerce = [e for e in entities if e.is_commerce]
    shared = _shared(event, commerce)
    products = [_product(e) for e in commerce if e.name == "product"]
    if kind in _OF_ONE_PRODUCT:
        refuse_many_parts(len(products), size, "co.data")
        every = [{**shared, **product} for product in products or [{}]]
    else:
        every = [without_none({**shared, "products": products})]
    return [{"type": "track", "event": name, "properties": one} for one in every]


def _shared(event: Described, entities: list[Described]) -> Properties:
    """Return what the action and its entities say beside the products."""
    said: Properties = renamed(dict(event.data), {"name": "list_name"})
    for entity in entities:
        if entity.name in _ENTITIES:
            said.update(renamed(dict(entity.data), _ENTITIES[entity.name]))
        elif entity.name not in {"product", "user", "page"}:
            said.update(entity.data)
    return said


def _product(entity: Described) -> Properties:
    data = dict(entity.data)
    product = renamed(data, _PRODUCT)
    product.setdefault("product_id", product.get("sku"))
    path = f"{entity.path}.list_price"
    listed = amount(data.pop("list_price", None), path)
    product["list_price_minor"] = minor(listed, data.get("currency"), path)
    return without_none({**product, **data})


def _cart_change(name: str) -> Callable[[Described], Call]:
    def call(event: Described) -> Call:
        data = dict(event.data)
        product = renamed(data, {"unitPrice": "price"})
        properties = {**product, **data, "product_id": data.get("sku")}
        return {"type": "track", "event": name, "properties": without_none(properties)}

    return call


def _search(event: Described) -> Call:
    terms = event.data.get("terms")
    query = " ".join(str(term) for term in terms) if isinstance(terms, list) else terms
    properties = without_none({**event.data, "query": query})
    return {"type": "track", "event": "Products Searched", "properties": properties}


def _screen(event: Described) -> Call:
    name = text(event.data.get("name"), f"{event.path}.name")
    return {"type": "screen", "name": name, "properties": dict(event.data)}


KNOWN: Mapping[tuple[str, str], Callable[[Described], Call]] = {
    (_VENDOR, "add_to_cart"): _cart_change("Product Added"),
    (_VENDOR, "remove_from_cart"): _cart_change("Product Removed"),
    (_VENDOR, "site_search"): _search,
    (_VENDOR, "screen_view"): _screen,
    (_MOBILE_VENDOR, "screen_view"): _screen,
}
"""Self-describing events that have a place of their own here."""

_ORDER = {
    "tr_id": "order_id",
    "tr_af": "affiliation",
    "tr_tt": "total",
    "tr_tx": "tax",
    "tr_sh": "shipping",
    "tr_cu": "currency",
    "tr_ci": "city",
    "tr_st": "state",
    "tr_co": "country",
}
_ITEM = {
    "ti_id": "order_id",
    "ti_sk": "sku",
    "ti_nm": "name",
    "ti_ca": "category",
    "ti_pr": "price",
    "ti_qu": "quantity",
    "ti_cu": "currency",
}


def transaction(payload: Mapping[str, Any], items: list[dict[str, Any]]) -> Call:
    """Return the order of a transaction event and the items that came with it."""
    required(payload.get("tr_id"), "tr_id")
    properties = renamed(dict(payload), _ORDER)
    products = [transaction_item(item) for item in items]
    for product in products:
        product.pop("order_id", None)
    return {
        "type": "track",
        "event": "Order Completed",
        "properties": without_none({**properties, "products": products}),
    }


def transaction_item(payload: Mapping[str, Any]) -> Properties:
    """Return the product of a transaction item event."""
    item = renamed(dict(payload), _ITEM)
    if "quantity" in item:
        item["quantity"] = number(item["quantity"])
    return without_none({**item, "product_id": item.get("sku")})
