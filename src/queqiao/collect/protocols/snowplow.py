"""Snowplow's tracker protocol as Segment calls.

A message is one event of a POST (a JSON object of texts), or the query string of the pixel. Of the
older e-commerce events an order travels with its items: a JSON array of the transaction, then the
items that the same request brought.
"""

from base64 import urlsafe_b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from queqiao.collect.protocols import snowplow_commerce
from queqiao.collect.protocols.reading import (
    NOT_JSON,
    mapping,
    mappings,
    milliseconds,
    number,
    read,
    refused,
    renamed,
    required,
    text,
    without_none,
)
from queqiao.collect.protocols.snowplow_schemas import Described, described
from queqiao.kernel.errors import Message

Payload = dict[str, Any]
Call = dict[str, Any]

QUERY_FIELDS_MAX = 200
_NO_KIND = Message("应为 pv、pp、se、ue、tr、ti 之一", "must be one of pv, pp, se, ue, tr, ti")
_PAGE = {"url": "url", "page": "title", "refr": "referrer"}
_STRUCT = {
    "se_ca": "category",
    "se_ac": "action",
    "se_la": "label",
    "se_pr": "property",
    "se_va": "value",
}
_PING = {"pp_mix": "min_x", "pp_max": "max_x", "pp_miy": "min_y", "pp_may": "max_y"}
_PLAIN_CONTEXT = {"ip": "ip", "ua": "userAgent", "lang": "locale", "tz": "timezone"}
_KEY_PREFIX = "qq_"
_TRACKER = {
    "aid": "app_id",
    "p": "platform",
    "tv": "tracker",
    "tna": "namespace",
    "nuid": "network_user_id",
    "vid": "session_index",
    "res": "resolution",
    "vp": "viewport",
}


def translate(original: bytes) -> list[Call]:
    """Return the calls that one event makes. Raises InvalidInput."""
    payload, items = _payload(original)
    kind = _KINDS.get(required(payload.get("e"), "e"))
    if kind is None:
        raise refused("e", _NO_KIND)
    entities = _entities(payload)
    calls = kind(payload, entities, items)
    shared = {
        "timestamp": milliseconds(payload.get("ttm"), "ttm")
        or milliseconds(payload.get("dtm"), "dtm"),
        **_person(payload, entities),
    }
    context = _context(payload, entities)
    return [
        without_none({**shared, "messageId": _id_of(payload, part), "context": context, **call})
        for part, call in enumerate(calls)
    ]


def _payload(original: bytes) -> tuple[Payload, list[Payload]]:
    if original[:1] == b"[":
        first, *items = mappings(read(original), "") or [{}]
        return first, items
    if original[:1] == b"{":
        return mapping(read(original), ""), []
    return query_fields(original), []


def query_fields(query: bytes) -> dict[str, str]:
    """Return the fields of the pixel's query string. Raises InvalidInput."""
    try:
        pairs = parse_qsl(query.decode(), max_num_fields=QUERY_FIELDS_MAX)
    except ValueError as error:
        raise refused("", NOT_JSON) from error
    return dict(pairs)


def _id_of(payload: Payload, part: int) -> str | None:
    event_id = text(payload.get("eid"), "eid")
    return f"{event_id}-{part + 1}" if event_id and part else event_id


def _person(payload: Payload, entities: list[Described]) -> dict[str, Any]:
    """Return who it was. A tracker that names nobody has at least a session, or this event."""
    session = next((e.data for e in entities if e.name == "client_session"), {})
    user = text(payload.get("uid"), "uid")
    device = (
        text(payload.get("duid"), "duid")
        or text(session.get("userId"), "co.client_session.userId")
        or text(payload.get("nuid"), "nuid")
    )
    if user is None and device is None:
        device = text(payload.get("sid"), "sid") or text(payload.get("eid"), "eid")
    return {"userId": user, "anonymousId": device}


def _entities(payload: Payload) -> list[Described]:
    wrapped = _json_of(payload, "cx", "co")
    if wrapped is None:
        return []
    found = mappings(mapping(wrapped, "co").get("data"), "co.data")
    return [described(one, f"co.data[{index}]") for index, one in enumerate(found)]


def _json_of(payload: Payload, encoded: str, plain: str) -> Any:
    """Return a JSON field that comes in base64 or as it is, None when it does not come."""
    packed = text(payload.get(encoded), encoded)
    if packed is None:
        said = text(payload.get(plain), plain)
        return None if said is None else read(said.encode(), plain)
    try:
        raw = urlsafe_b64decode(packed.encode("ascii") + b"=" * (-len(packed) % 4))
    except (Base64Error, ValueError) as error:
        raise refused(encoded, NOT_JSON) from error
    return read(raw, encoded)


def _context(payload: Payload, entities: list[Described]) -> dict[str, Any]:
    page = without_none({usual: payload.get(name) for name, usual in _PAGE.items()})
    session = next((e.data for e in entities if e.name == "client_session"), {})
    others = [{"schema": e.schema, "data": e.data} for e in entities if not e.is_commerce]
    return without_none(
        {
            "page": page,
            "session_id": payload.get("sid") or session.get("sessionId"),
            **renamed(dict(payload), _PLAIN_CONTEXT),
            "snowplow": without_none({**_tracker(payload), "entities": others}),
        }
    )


def _tracker(payload: Payload) -> dict[str, Any]:
    """Return what the tracker says of itself; a write key that came as ``appId`` is not kept."""
    said = renamed(dict(payload), _TRACKER)
    if str(said.get("app_id", "")).startswith(_KEY_PREFIX):
        del said["app_id"]
    return said


def _page_view(payload: Payload, _: Any, __: Any) -> list[Call]:
    properties = renamed(dict(payload), _PAGE)
    return [{"type": "page", "name": properties.get("title"), "properties": properties}]


def _page_ping(payload: Payload, _: Any, __: Any) -> list[Call]:
    offsets = {usual: number(payload.get(name)) for name, usual in _PING.items()}
    properties = {**renamed(dict(payload), _PAGE), **without_none(offsets)}
    return [{"type": "track", "event": "Page Ping", "properties": properties}]


def _structured(payload: Payload, _: Any, __: Any) -> list[Call]:
    properties = renamed(dict(payload), _STRUCT)
    if "value" in properties:
        properties["value"] = number(properties["value"])
    event = required(payload.get("se_ac"), "se_ac")
    return [{"type": "track", "event": event, "properties": properties}]


def _self_describing(payload: Payload, entities: list[Described], _: Any) -> list[Call]:
    wrapped = mapping(_json_of(payload, "ue_px", "ue_pr"), "ue_pr")
    event = described(mapping(wrapped.get("data"), "ue_pr.data"), "ue_pr.data")
    if event.is_commerce and event.name == "snowplow_ecommerce_action":
        size = sum(len(said) for said in payload.values() if isinstance(said, str))
        return snowplow_commerce.action(event, entities, size)
    known = snowplow_commerce.KNOWN.get((event.vendor, event.name))
    return [known(event) if known else event.call()]


def _transaction(payload: Payload, _: Any, items: list[Payload]) -> list[Call]:
    return [snowplow_commerce.transaction(payload, items)]


def _transaction_item(payload: Payload, _: Any, __: Any) -> list[Call]:
    """Keep the item as an event of its own: its order holds it already where both came at once."""
    properties = snowplow_commerce.transaction_item(payload)
    return [{"type": "track", "event": "Order Item", "properties": properties}]


_KINDS: Mapping[str, Callable[[Payload, list[Described], list[Payload]], list[Call]]] = {
    "pv": _page_view,
    "pp": _page_ping,
    "se": _structured,
    "ue": _self_describing,
    "tr": _transaction,
    "ti": _transaction_item,
}
