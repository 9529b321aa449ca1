"""Events that the system itself tells: what happened here, not what a client sent."""

from hashlib import blake2b
from typing import Any

from msgspec import Raw

from queqiao.kernel import json
from queqiao.kernel.envelope import EMPTY, Envelope, encode_envelope
from queqiao.kernel.own_events import OWN_SOURCE
from queqiao.ports.event_log.base import NewEvent


def own_event(
    message_id: str,
    event: str,
    properties: Any,
    now_us: int,
    *,
    source: str = OWN_SOURCE,
    user_id: str | None = None,
    anonymous_id: str | None = None,
    context: Raw = EMPTY,
    said: bytes | None = None,
) -> NewEvent:
    """Return a track event that happened, and was taken, at ``now_us``.

    ``said`` is what a retry repeats and the fingerprint is over: other content under a known id is
    a conflict. Without it that is the id alone, and whatever comes under it again is a repeat.
    """
    envelope = Envelope(
        message_id=message_id,
        type="track",
        timestamp_us=now_us,
        received_at_us=now_us,
        source=source,
        event=event,
        anonymous_id=anonymous_id,
        user_id=user_id,
        context=context,
        properties=Raw(json.encode(properties)),
    )
    content = message_id.encode() if said is None else said
    fingerprint = blake2b(content, digest_size=8).digest()
    return NewEvent(source, message_id, encode_envelope(envelope), fingerprint)
