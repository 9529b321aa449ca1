"""The one envelope of every event, as it stands in the log and travels through the stages."""

from typing import Any, Literal

import msgspec

from queqiao.kernel.clock import format_rfc3339

CallType = Literal["identify", "track", "page", "screen", "group", "alias"]

EMPTY = msgspec.Raw(b"{}")


class Envelope(msgspec.Struct, omit_defaults=True):
    """One event. Times are UTC microseconds; the three free parts are JSON objects kept as bytes.

    ``timestamp_us`` is when it happened, ``sent_at_us`` when the client sent it (None when it did
    not say), ``received_at_us`` when we took it. ``source`` names the key that it came by.
    ``schema_fault`` is the path at which a lenient schema of that version was violated.
    ``client_ip`` is the address that the call came from, where the door notes it. ``kept`` is what
    an erasure left of the event's context and traits (see ``process/kept.py``).
    """

    message_id: str
    type: CallType
    timestamp_us: int
    received_at_us: int
    source: str
    event: str | None = None
    anonymous_id: str | None = None
    user_id: str | None = None
    sent_at_us: int | None = None
    context: msgspec.Raw = EMPTY
    properties: msgspec.Raw = EMPTY
    traits: msgspec.Raw = EMPTY
    schema_fault: str | None = None
    schema_version: int = 0
    client_ip: str | None = None
    kept: msgspec.Raw = EMPTY


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Envelope)


def encode_envelope(envelope: Envelope) -> bytes:
    """Return the bytes that the log stores."""
    return _encoder.encode(envelope)


def decode_envelope(body: bytes) -> Envelope:
    """Return the event that the log stored."""
    return _decoder.decode(body)


class PublicEnvelope(msgspec.Struct):
    """The envelope as readers outside see it: RFC 3339 times, free parts as JSON values."""

    message_id: str
    type: str
    event: str | None
    anonymous_id: str | None
    user_id: str | None
    timestamp: str
    sent_at: str | None
    received_at: str
    source: str
    context: dict[str, Any]
    properties: dict[str, Any]
    traits: dict[str, Any]
    offset: int | None = None
    schema_fault: str | None = None


def publish(envelope: Envelope, offset: int | None = None) -> PublicEnvelope:
    """Return the form of an event for readers outside."""
    return PublicEnvelope(
        message_id=envelope.message_id,
        type=envelope.type,
        event=envelope.event,
        anonymous_id=envelope.anonymous_id,
        user_id=envelope.user_id,
        timestamp=format_rfc3339(envelope.timestamp_us),
        sent_at=None if envelope.sent_at_us is None else format_rfc3339(envelope.sent_at_us),
        received_at=format_rfc3339(envelope.received_at_us),
        source=envelope.source,
        context=msgspec.json.decode(envelope.context),
        properties=msgspec.json.decode(envelope.properties),
        traits=msgspec.json.decode(envelope.traits),
        offset=offset,
        schema_fault=envelope.schema_fault,
    )
