"""The schemas that ship with the product, read-only: the vocabulary, and the reserved traits."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec

from queqiao.collect.schemas_bounds import DIALECT
from queqiao.kernel.vocabulary import EVENTS

_TRAITS_PII = {
    "name": "name", "firstName": "name", "first_name": "name", "lastName": "name",
    "last_name": "name", "username": "account", "email": "email", "phone": "phone",
    "mobile": "phone", "address": "address", "street": "address", "birthday": "birthday",
    "id_card": "id_card", "idCard": "id_card", "wechat_openid": "account", "openid": "account",
    "unionid": "account", "member_card": "account", "avatar": "other", "idfa": "device",
    "oaid": "device", "imei": "device",
}  # fmt: skip
"""Traits of a person that are personal information wherever they come: Segment's, and China's."""


@cache
def builtin_schema(part: str, name: str) -> Mapping[str, Any] | None:
    """Return the schema that the door keeps for an event, or None where it is free in form."""
    if part == "traits":
        return _traits() if name == "identify" else None
    kind = EVENTS.get(name)
    if kind is None:
        return None
    (_,), components = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    top = components.pop(kind.__name__)
    return {"$schema": DIALECT, "title": name, **top, "$defs": components}


def _traits() -> Mapping[str, Any]:
    marked = {field: {"x-pii": pii} for field, pii in _TRAITS_PII.items()}
    return {"$schema": DIALECT, "title": "identify", "type": "object", "properties": marked}


def builtins() -> list[tuple[str, str]]:
    """Return part and name of every built-in schema."""
    return [*(("properties", name) for name in EVENTS), ("traits", "identify")]
