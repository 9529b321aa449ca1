"""Snowplow's self-describing data: a schema's address and what is said by it."""

import re
from typing import Any

from msgspec import Struct

from queqiao.collect.protocols.reading import mapping, refused, required
from queqiao.kernel.errors import Message

COMMERCE_VENDOR = "com.snowplowanalytics.snowplow.ecommerce"
_ADDRESS = re.compile(r"iglu:([\w.-]{1,200})/([\w.-]{1,200})/jsonschema/[0-9]+(?:-[0-9]+){0,2}")
_NO_SCHEMA = Message(
    "应为 iglu:厂商/名称/jsonschema/1-0-0", "must be iglu:vendor/name/jsonschema/1-0-0"
)


class Described(Struct):
    """An event or an entity, with the parts of its schema's address."""

    schema: str
    vendor: str
    name: str
    data: dict[str, Any]
    path: str

    @property
    def is_commerce(self) -> bool:
        """Whether it is of Snowplow's e-commerce schemas."""
        return self.vendor == COMMERCE_VENDOR

    def call(self) -> dict[str, Any]:
        """Return the track call under the schema's own name."""
        properties = {**self.data, "snowplow_schema": self.schema}
        return {"type": "track", "event": self.name, "properties": properties}


def described(value: dict[str, Any], path: str) -> Described:
    """Return self-describing data. Raises InvalidInput at ``path``."""
    schema = required(value.get("schema"), f"{path}.schema")
    found = _ADDRESS.fullmatch(schema)
    if found is None:
        raise refused(f"{path}.schema", _NO_SCHEMA)
    data = value.get("data")
    content = data if isinstance(data, dict) else mapping(data, f"{path}.data")
    return Described(schema, found[1], found[2], content, f"{path}.data")
