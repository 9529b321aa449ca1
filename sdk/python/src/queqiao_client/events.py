"""From arguments to one call of the Segment protocol, as bytes."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

from queqiao_client.errors import InvalidEvent

VERSION = "0.1.0"
PURPOSES = ("analytics", "personalization", "advertising")
"""What a person may agree to."""
EVENT_BYTES_MAX = 500_000
"""What the intake takes as one event."""

CallType = Literal["track", "page", "screen", "identify", "group", "alias"]
Values = Mapping[str, Any]


def encode(call: Mapping[str, Any]) -> bytes:
    """Return the call as JSON. Raises InvalidEvent."""
    try:
        body = _json.encode(call).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidEvent(f"the event is not JSON: {error}") from error
    if len(body) > EVENT_BYTES_MAX:
        raise InvalidEvent(f"the event has {len(body)} bytes, {EVENT_BYTES_MAX} are allowed")
    return body


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, Decimal):
        return _number(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain)


def _number(value: Decimal) -> float:
    """Return a decimal as a JSON number. Raises ValueError where that would change it."""
    number = float(value)
    if Decimal(repr(number)) != value:
        raise ValueError("a Decimal has more digits than JSON carries; send minor units (*_minor)")
    return number


def rfc3339(moment: datetime) -> str:
    """Return a moment as the protocol writes it. Raises InvalidEvent for one without a zone."""
    if moment.tzinfo is None:
        raise InvalidEvent("timestamp: a datetime needs a time zone, such as datetime.UTC")
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def context_of(common: Values, own: Values | None, consent: Iterable[str] | None) -> dict[str, Any]:
    """Return the context of a call: what all calls say, then its own, then what was agreed to."""
    context = {"library": {"name": "queqiao-client", "version": VERSION}, **common, **(own or {})}
    if consent is not None:
        agreed = agreed_to(consent)
        preferences = {purpose: purpose in agreed for purpose in PURPOSES}
        context["consent"] = {"categoryPreferences": preferences}
    return context


def agreed_to(consent: Iterable[str]) -> frozenset[str]:
    """Return the purposes of a consent. Raises InvalidEvent for one that is unknown here."""
    agreed = frozenset((consent,) if isinstance(consent, str) else consent)
    if agreed - set(PURPOSES):
        raise InvalidEvent(f"consent: purposes are {', '.join(PURPOSES)}")
    return agreed
