"""Segment calls as the readers send them."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

_encoder = msgspec.json.Encoder()


def track(
    event: str,
    message_id: str,
    timestamp: str,
    properties: dict[str, Any],
    *,
    user_id: str = "",
    anonymous_id: str = "",
    context: dict[str, Any] | None = None,
) -> bytes:
    """Return a track call as JSON. One of the two ids must be given."""
    call: dict[str, Any] = {
        "type": "track",
        "event": event,
        "messageId": message_id,
        "timestamp": timestamp,
        "properties": properties,
    }
    if user_id:
        call["userId"] = user_id
    if anonymous_id:
        call["anonymousId"] = anonymous_id
    if context:
        call["context"] = context
    return _encoder.encode(call)


def local_time(text: str, zone: ZoneInfo) -> str:
    """Return a wall-clock time of a zone as RFC 3339 in UTC. Raises ValueError for no time.

    A text with its own offset keeps it; an hour that happens twice is the first of the two.
    """
    moment = datetime.fromisoformat(text.strip())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
