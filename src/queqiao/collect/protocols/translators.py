"""Which translator reads which protocol."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from queqiao.collect.contracts import Protocol
from queqiao.collect.protocols import ga4, posthog, snowplow
from queqiao.collect.protocols.reading import encode, refused
from queqiao.kernel.errors import Message

Translate = Callable[[bytes], list[dict[str, Any]]]
"""Returns the Segment calls that a client's message makes. Raises InvalidInput."""

TRANSLATORS: Mapping[Protocol, Translate] = MappingProxyType(
    {"posthog": posthog.translate, "snowplow": snowplow.translate, "ga4": ga4.translate}
)

_NO_PART = Message("这条消息不再产生该事件", "the message no longer makes this event")


def segment_call(protocol: Protocol, original: bytes, part: int = 0) -> bytes:
    """Return one event of a client's own bytes as a Segment call. Raises InvalidInput."""
    translate = TRANSLATORS.get(protocol)
    if translate is None:
        return original
    calls = translate(original)
    if part >= len(calls):
        raise refused("", _NO_PART)
    return encode(calls[part])
