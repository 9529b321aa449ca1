"""The wire of the Segment HTTP API: calls and batches, in camelCase and in snake_case."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw, Struct, field

from queqiao.kernel.envelope import EMPTY, CallType

Moment = datetime | int | None
"""RFC 3339, or milliseconds since 1970."""
ID_CHARS_MAX = 256
Name = Annotated[str, Meta(max_length=ID_CHARS_MAX)] | int | None
"""An id as clients send it; some send numbers."""
Text = Annotated[str, Meta(max_length=ID_CHARS_MAX)] | None


class SegmentCall(Struct, rename="camel", gc=False):
    """One call, with camelCase names. A free part that did not come is ``EMPTY`` itself."""

    type: str | None = None
    event: Text = None
    message_id: Name = None
    anonymous_id: Name = None
    user_id: Name = None
    timestamp: Moment = None
    context: Raw = EMPTY
    properties: Raw = EMPTY
    traits: Raw = EMPTY
    sent_at: Moment = None
    original_timestamp: Moment = None
    name: Text = None
    group_id: Name = None
    previous_id: Name = None


class OwnCall(SegmentCall, rename="camel", gc=False):
    """A call that is a whole request: it may bring the write key."""

    write_key: str | None = None


class SnakeCall(Struct):
    """The fields of a call that are spelled differently in snake_case."""

    message_id: Name = None
    anonymous_id: Name = None
    user_id: Name = None
    sent_at: Moment = None
    original_timestamp: Moment = None
    group_id: Name = None
    previous_id: Name = None


class WriteKey(Struct):
    """The write key of a body, in both spellings."""

    camel: str | None = field(name="writeKey", default=None)
    snake: str | None = field(name="write_key", default=None)


class SegmentBatch(Struct, gc=False):
    """Many calls. They stay bytes here, so that one wrong call does not spoil the others."""

    batch: list[Raw]
    sent_at: Raw = field(name="sentAt", default=EMPTY)
    sent_at_snake: Raw = field(name="sent_at", default=EMPTY)
    context: Raw = EMPTY


class SegmentCalls(Struct, gc=False):
    """A batch whose calls are parsed at once: the quick way, for one that is right throughout."""

    batch: list[SegmentCall]
    sent_at: Raw = field(name="sentAt", default=EMPTY)
    sent_at_snake: Raw = field(name="sent_at", default=EMPTY)
    context: Raw = EMPTY
    write_key: str | None = field(name="writeKey", default=None)


class ContextTraits(Struct, gc=False):
    """What some clients put into the context of an identify call."""

    traits: Raw = EMPTY


class Content(Struct, omit_defaults=True, gc=False):
    """The envelope without the times that a retry changes: what the fingerprint is of.

    A time of zero was not said. Encoded, it lacks ``received_at_us`` and what else belongs last.
    """

    message_id: str
    type: CallType
    source: str
    timestamp_us: int = 0
    event: str | None = None
    anonymous_id: str | None = None
    user_id: str | None = None
    context: Raw = EMPTY
    properties: Raw = EMPTY
    traits: Raw = EMPTY


class CallBody(Struct, rename="camel", omit_defaults=True):
    """One call as the published API document shows it; snake_case names are read as well."""

    type: str | None = None
    message_id: str | None = None
    anonymous_id: str | None = None
    user_id: str | None = None
    event: str | None = None
    name: str | None = None
    group_id: str | None = None
    previous_id: str | None = None
    timestamp: datetime | None = None
    sent_at: datetime | None = None
    write_key: str | None = None
    context: dict[str, Any] | None = None
    properties: dict[str, Any] | None = None
    traits: dict[str, Any] | None = None


class BatchBody(Struct, rename="camel", omit_defaults=True):
    """A batch as the published API document shows it."""

    batch: list[CallBody]
    sent_at: datetime | None = None
    write_key: str | None = None
    context: dict[str, Any] | None = None


class Taken(Struct):
    """The answer of the intake, always the same."""

    success: bool = True


decode_call = msgspec.json.Decoder(SegmentCall).decode
decode_own_call = msgspec.json.Decoder(OwnCall).decode
decode_calls = msgspec.json.Decoder(SegmentCalls).decode
decode_snake_call = msgspec.json.Decoder(SnakeCall).decode
encode_content = msgspec.json.Encoder().encode
decode_batch = msgspec.json.Decoder(SegmentBatch).decode
decode_write_key = msgspec.json.Decoder(WriteKey).decode
decode_traits = msgspec.json.Decoder(ContextTraits).decode
decode_moment = msgspec.json.Decoder(datetime | int | None).decode
decode_object = msgspec.json.Decoder(dict[str, Any] | None).decode
