"""GA4 Measurement Protocol events as Segment calls.

A message is a whole request with one event in it: who it was stands beside the events. Events of
Google's list go to the Segment e-commerce vocabulary, ``items`` to ``products``; others keep their
name. An event about one product that brings several items makes one call for each.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from queqiao.collect.protocols.reading import (
    NOT_LIST,
    amount,
    mapping,
    mappings,
    milliseconds,
    minor,
    number,
    read,
    refuse_many_parts,
    refused,
    renamed,
    required,
    text,
    total,
    without_none,
)
from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.errors import Message

_OF_ONE_PRODUCT = {
    "view_item": "Product Viewed",
    "select_item": "Product Clicked",
    "add_to_cart": "Product Added",
    "remove_from_cart": "Product Removed",
    "add_to_wishlist": "Product Added to Wishlist",
}
_OF_PRODUCTS = {
    "view_item_list": "Product List Viewed",
    "view_cart": "Cart Viewed",
    "begin_checkout": "Checkout Started",
    "add_payment_info": "Payment Info Entered",
    "add_shipping_info": "Shipping Info Entered",
    "purchase": "Order Completed",
    "refund": "Order Refunded",
}
_OTHER = {
    "view_promotion": "Promotion Viewed",
    "select_promotion": "Promotion Clicked",
    "search": "Products Searched",
    "view_search_results": "Products Searched",
}
NAMES: Mapping[str, str] = {**_OF_ONE_PRODUCT, **_OF_PRODUCTS, **_OTHER}
"""Google's names that have one in our vocabulary, or beside it in Segment's."""

_LIST = {"item_list_id": "list_id", "item_list_name": "list_name"}
_ITEM = {
    "item_id": "sku",
    "item_name": "name",
    "item_brand": "brand",
    "item_category": "category",
    "item_variant": "variant",
    "index": "position",
    **_LIST,
}
_ORDER = {"transaction_id": "order_id"}
_PROMOTION = {
    "promotion_id": "promotion_id",
    "promotion_name": "name",
    "creative_name": "creative",
    "creative_slot": "position",
    "location_id": "placement_id",
}
_PAGE = {"page_location": "url", "page_title": "title", "page_referrer": "referrer"}
_EARLIEST_US = 631_152_000_000_000
_LATEST_US = 4_102_444_800_000_000
_ODD_TIME = Message(
    "应为 1990 年至 2100 年之间的微秒数", "must be microseconds of the years 1990 to 2100"
)

Properties = dict[str, Any]


def translate(original: bytes) -> list[dict[str, Any]]:
    """Return the calls of a request that holds one event. Raises InvalidInput."""
    frame = mapping(read(original), "")
    events = frame.get("events")
    if isinstance(events, dict):  # ga4mp sends one postponed event so
        events = [events]
    if not isinstance(events, list) or len(events) != 1:
        raise refused("events", NOT_LIST)
    event = mapping(events[0], "events[0]")
    name = required(event.get("name"), "events[0].name")
    params = dict(mapping(event.get("params"), "events[0].params"))
    if name in _OF_ONE_PRODUCT and isinstance(params.get("items"), list):
        refuse_many_parts(len(params["items"]), len(original), "events[0].params.items")
    shared = {
        **_person(frame),
        "timestamp": _time(event, frame),
        "context": _context(frame, params),
        "traits": _traits(frame),
    }
    return [without_none({**shared, **call}) for call in _calls(name, params)]


def _person(frame: dict[str, Any]) -> dict[str, Any]:
    device = text(frame.get("client_id"), "client_id") or text(
        frame.get("app_instance_id"), "app_instance_id"
    )
    return {"anonymousId": device, "userId": text(frame.get("user_id"), "user_id")}


def _time(event: dict[str, Any], frame: dict[str, Any]) -> str | None:
    """Return when it happened: the event's own time goes before the request's."""
    for said, path in ((event, "events[0].timestamp_micros"), (frame, "timestamp_micros")):
        moment = milliseconds(said.get("timestamp_micros"), path)
        if moment is None:
            continue
        if not _EARLIEST_US <= moment < _LATEST_US:
            raise refused(path, _ODD_TIME)
        return format_rfc3339(moment)
    return None


def _context(frame: dict[str, Any], params: Properties) -> dict[str, Any]:
    page = without_none({usual: params.get(name) for name, usual in _PAGE.items()})
    own = {
        name: frame.get(name)
        for name in ("consent", "non_personalized_ads", "user_data", "user_location")
    }
    return without_none(
        {
            "session_id": text(params.pop("session_id", None), "events[0].params.session_id"),
            "page": page,
            "ip": frame.get("ip_override"),
            "userAgent": frame.get("user_agent"),
            "device": frame.get("device"),
            "ga4": without_none(own),
        }
    )


def _traits(frame: dict[str, Any]) -> dict[str, Any]:
    """Return the user's properties, which Google wraps in objects with a ``value``."""
    found = mapping(frame.get("user_properties"), "user_properties")
    return {
        name: said["value"] if isinstance(said, dict) and "value" in said else said
        for name, said in found.items()
    }


def _calls(name: str, params: Properties) -> list[dict[str, Any]]:
    if name == "page_view":
        return [_page(params)]
    if name == "screen_view":
        return [_screen(params)]
    event = NAMES.get(name, name)
    if name in _OF_ONE_PRODUCT:
        found = _one_product_each(params)
    elif name in _OF_PRODUCTS:
        found = [_products(name, params)]
    else:
        found = [_OTHERS.get(event, _plain)(params)]
    return [{"type": "track", "event": event, "properties": one} for one in found]


def _page(params: Properties) -> dict[str, Any]:
    properties = {**renamed(params, _PAGE), **params}
    title = text(properties.get("title"), "events[0].params.page_title")
    return {"type": "page", "name": title, "properties": properties}


def _screen(params: Properties) -> dict[str, Any]:
    for name in ("screen_name", "firebase_screen", "firebase_screen_class"):
        said = text(params.get(name), f"events[0].params.{name}")
        if said is not None:
            break
    return {"type": "screen", "name": said, "properties": params}


def _plain(params: Properties) -> Properties:
    return params


def _search(params: Properties) -> Properties:
    return {**renamed(params, {"search_term": "query"}), **params}


def _promotion(params: Properties) -> Properties:
    """Return a promotion with what its first item says where the event itself does not."""
    items = mappings(params.pop("items", None), "events[0].params.items")
    first = dict(items[0]) if items else {}
    said = {**renamed(first, _PROMOTION), **renamed(params, _PROMOTION)}
    sku = text(first.get("item_id"), "events[0].params.items[0].item_id")
    return without_none({**said, "sku": sku, **params})


_OTHERS: Mapping[str, Callable[[Properties], Properties]] = {
    "Promotion Viewed": _promotion,
    "Promotion Clicked": _promotion,
    "Products Searched": _search,
}


def _one_product_each(params: Properties) -> list[Properties]:
    """Return the properties of one event for each item; the value is that of all of them."""
    products = _items(params)
    rest = {**renamed(params, _LIST), **params}
    if len(products) > 1:
        rest.pop("value", None)
    return [{**rest, **product} for product in products or [{}]]


def _products(name: str, params: Properties) -> Properties:
    properties = {**renamed(params, _LIST), **renamed(params, _ORDER)}
    products = _items(params)
    if name in {"purchase", "refund"}:
        required(properties.get("order_id"), "events[0].params.transaction_id")
    if name in {"purchase", "refund", "begin_checkout"}:
        properties.update(_money(name, params))
    return without_none({**properties, "products": products, **params})


def _money(name: str, params: Properties) -> Properties:
    """Return an order's amounts. Google's ``value`` is that of the goods: without tax, shipping."""
    path = "events[0].params.value"
    value = amount(params.pop("value", None), path)
    if name != "purchase":
        return {"total": value}
    extras = [params.get("shipping"), params.get("tax")]
    return {"revenue": value, "subtotal": value, "total": total([value, *extras], path)}


def _items(params: Properties) -> list[Properties]:
    items = mappings(params.pop("items", None), "events[0].params.items")
    currency = params.get("currency")
    return [
        _product(dict(item), currency, f"events[0].params.items[{index}]")
        for index, item in enumerate(items)
    ]


def _product(item: Properties, currency: Any, path: str) -> Properties:
    """Return a product. Google's ``price`` is what is paid, ``discount`` what was taken off it."""
    product = renamed(item, _ITEM)
    product.setdefault("product_id", product.get("sku"))
    for name, values in (("position", product), ("quantity", item)):
        if name in values:
            values[name] = number(values[name])
    price, off = item.get("price"), item.get("discount")
    if price is not None and off is not None:
        before = _before_discount(price, off, path)
        product["list_price_minor"] = minor(before, currency, f"{path}.discount")
    return without_none({**product, **item})


def _before_discount(price: Any, off: Any, path: str) -> Decimal | None:
    return total([price, amount(off, f"{path}.discount")], f"{path}.price")
