"""The wire of the Segment HTTP API: calls and batches, in camelCase and in snake_case."""

from datetime import datetime
from typing import Any

import msgspec
from msgspec import Raw, Struct, field

EMPTY_RAW = Raw(b"")
"""Stands for a free part that did not come."""

Moment = datetime | int | None
"""RFC 3339, or milliseconds since 1970."""
Name = str | int | None
"""An id as clients send it; some send numbers."""


class SegmentCall(Struct, gc=False):
    """One call. Fields with ``_2`` are the snake_case spelling of the one before."""

    type: str | None = None
    event: str | None = None
    message_id: Name = field(name="messageId", default=None)
    anonymous_id: Name = field(name="anonymousId", default=None)
    user_id: Name = field(name="userId", default=None)
    timestamp: Moment = None
    context: Raw = EMPTY_RAW
    properties: Raw = EMPTY_RAW
    traits: Raw = EMPTY_RAW
    sent_at: Moment = field(name="sentAt", default=None)
    original_timestamp: Moment = field(name="originalTimestamp", default=None)
    name: str | None = None
    group_id: Name = field(name="groupId", default=None)
    previous_id: Name = field(name="previousId", default=None)
    write_key: str | None = field(name="writeKey", default=None)
    message_id_2: Name = field(name="message_id", default=None)
    anonymous_id_2: Name = field(name="anonymous_id", default=None)
    user_id_2: Name = field(name="user_id", default=None)
    sent_at_2: Moment = field(name="sent_at", default=None)
    original_timestamp_2: Moment = field(name="original_timestamp", default=None)
    group_id_2: Name = field(name="group_id", default=None)
    previous_id_2: Name = field(name="previous_id", default=None)
    write_key_2: str | None = field(name="write_key", default=None)


class SegmentBatch(Struct, gc=False):
    """Many calls. They stay bytes here, so that one wrong call does not spoil the others."""

    batch: list[Raw]
    sent_at: Raw = field(name="sentAt", default=EMPTY_RAW)
    sent_at_2: Raw = field(name="sent_at", default=EMPTY_RAW)
    context: Raw = EMPTY_RAW
    write_key: str | None = field(name="writeKey", default=None)
    write_key_2: str | None = field(name="write_key", default=None)


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
decode_batch = msgspec.json.Decoder(SegmentBatch).decode
decode_moment = msgspec.json.Decoder(datetime | int | None).decode
decode_object = msgspec.json.Decoder(dict[str, Any]).decode
