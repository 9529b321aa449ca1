"""The pixel's address, read as one call of the Segment protocol.

Reserved parameters name the call's own fields (in camelCase or snake_case); every other one is a
property. Nothing here refuses a wrong value: it is handed over as it came, so that the one door
behind all protocols names the field and keeps the row.
"""

import binascii
from base64 import b64decode
from collections.abc import Mapping
from math import isfinite
from typing import Any

import msgspec

from queqiao.kernel import json
from queqiao.kernel.errors import InvalidInput
from queqiao.kernel.vocabulary import EVENTS

PURPOSES = ("analytics", "personalization", "advertising")
"""What a person may agree to."""

_FIELDS = {
    "messageId": "messageId",
    "message_id": "messageId",
    "type": "type",
    "event": "event",
    "name": "name",
    "userId": "userId",
    "user_id": "userId",
    "anonymousId": "anonymousId",
    "anonymous_id": "anonymousId",
    "groupId": "groupId",
    "group_id": "groupId",
    "previousId": "previousId",
    "previous_id": "previousId",
    "timestamp": "timestamp",
}
_KEYS = ("writeKey", "write_key")
_PARTS = ("context", "properties", "traits")
_CAMPAIGN = {
    "utm_source": "source",
    "utm_medium": "medium",
    "utm_campaign": "name",
    "utm_term": "term",
    "utm_content": "content",
    "utm_id": "id",
    "gclid": "gclid",
}
_RESERVED = {*_FIELDS, *_KEYS, *_PARTS, *_CAMPAIGN, "data", "consent", "cb"}
"""Parameters that are no property; ``cb`` only keeps caches away."""
_OBJECT = dict[str, Any]
_TYPES = {
    event: {field.name: field.type for field in msgspec.structs.fields(form)}
    for event, form in EVENTS.items()
}
"""What the vocabulary knows the properties of each event to be."""
EMPTY_IMAGE = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""A transparent GIF of one pixel, 42 bytes."""


def write_key_of(query: Mapping[str, str]) -> str | None:
    """Return the write key that an address names."""
    return next((query[name] for name in _KEYS if query.get(name)), None)


def call_of(query: Mapping[str, str], headers: Mapping[str, str]) -> bytes:
    """Return the call that an address stands for, as JSON.

    ``headers`` tell the user agent and the page, unless the address names a message id: then the
    event is what the address says and no more, so that a reload is the same event again.
    Raises InvalidInput when ``data`` is not base64.
    """
    if "data" in query:
        return _unpacked(query["data"])
    call: _OBJECT = {_FIELDS[name]: value for name, value in query.items() if name in _FIELDS}
    call.setdefault("type", "track" if "event" in call else "page")
    parts = {name: _object(query[name]) for name in _PARTS if name in query}
    _add(parts, "properties", _properties(query, call.get("event")))
    _add(parts, "context", _context(query, {} if "messageId" in call else headers))
    return json.encode(call | parts)


def _unpacked(data: str) -> bytes:
    """Return the JSON in ``data``: base64, standard or URL-safe, padded or not."""
    text = data.replace(" ", "+").replace("-", "+").replace("_", "/")
    try:
        return b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidInput from error


def _object(text: str) -> Any:
    """Return the object that a parameter holds, or its text when it is none."""
    try:
        json.check(text.encode())
        return msgspec.json.decode(text, type=_OBJECT)
    except (InvalidInput, msgspec.MsgspecError, UnicodeError, RecursionError):
        return text


def _add(parts: _OBJECT, name: str, found: _OBJECT) -> None:
    """Add what is said elsewhere in the address; what the part says itself stays."""
    part = parts.setdefault(name, {})
    if isinstance(part, dict):
        parts[name] = found | part


def _properties(query: Mapping[str, str], event: str | None) -> _OBJECT:
    types = _TYPES.get(event or "", {})
    return {
        name: _typed(value, types.get(name, str))
        for name, value in query.items()
        if name not in _RESERVED
    }


def _typed(value: str, kind: Any) -> Any:
    """Return the text as what the vocabulary knows the field to be; as it came where it is not."""
    try:
        found = msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError:
        return value
    # JSON has no word for these, and would quietly say null.
    return value if isinstance(found, float) and not isfinite(found) else found


def _context(query: Mapping[str, str], headers: Mapping[str, str]) -> _OBJECT:
    found: _OBJECT = {"library": {"name": "pixel"}}
    campaign = {key: query[name] for name, key in _CAMPAIGN.items() if name in query}
    if campaign:
        found["campaign"] = campaign
    if "consent" in query:
        said = query["consent"].split(",")
        found["consent"] = {"categoryPreferences": {name: name in said for name in PURPOSES}}
    if "user-agent" in headers:
        found["userAgent"] = headers["user-agent"]
    if "referer" in headers:
        found["page"] = {"url": headers["referer"]}
    return found
