"""What the intake tells others: the forms of bad rows and receipts, and the bounds it keeps."""

from typing import Literal

import msgspec

from queqiao.kernel.envelope import CallType, PublicEnvelope
from queqiao.kernel.errors import Message

SINGLE_BYTES_MAX = 500_000
"""Bound of one event, after decompression."""
BATCH_BYTES_MAX = 5_000_000
"""Bound of a batch request, after decompression."""
BATCH_EVENTS_MAX = 5_000
SCHEMA_VERSION = 1
"""Version of the rules that a bad row was refused by."""

Protocol = Literal["segment", "posthog", "snowplow", "ga4"]
"""How the bytes of a message are to be read."""

BadRowCode = Literal["not_json", "invalid", "conflict"]


class BadRow(msgspec.Struct, omit_defaults=True):
    """What was refused, whole, and why.

    ``call`` is the kind that the path named; None for an item of a batch, which names its own.
    ``whole_body`` rows are requests that were not JSON, so no event could be told in them.
    ``body`` is what the client sent, to be read by ``protocol``; where that makes several events,
    ``part`` says which one this is. ``own_id`` is the message id that was derived for a message
    without one, so that a replay gives it the same.
    """

    received_at_us: int
    source: str
    code: BadRowCode
    path: str
    reason: Message
    body: bytes
    schema_version: int = SCHEMA_VERSION
    call: CallType | None = None
    sent_at_us: int | None = None
    whole_body: bool = False
    protocol: Protocol = "segment"
    part: int = 0
    own_id: str | None = None


class KeptBadRow(msgspec.Struct):
    """A stored bad row with its id and, after a replay that took it, the message id it got."""

    id: str
    row: BadRow
    replayed_as: str | None = None


class ReplayRefusal(msgspec.Struct):
    """A bad row that is still refused, and why."""

    id: str
    reason: Message


class Replay(msgspec.Struct):
    """What a replay did. Rows that an earlier replay took count as replayed."""

    replayed: int
    refused: list[ReplayRefusal]


class BadRowView(msgspec.Struct):
    """A bad row as the API shows it. ``text`` is null where the bytes are not UTF-8."""

    id: str
    received_at: str
    source: str
    protocol: str
    code: str
    path: str
    reason: str
    schema_version: int
    size: int
    text: str | None
    replayed_as: str | None


class BadRowPage(msgspec.Struct):
    """A page of bad rows, newest first."""

    items: list[BadRowView]
    next_cursor: str | None


class RefusalView(msgspec.Struct):
    """A bad row that a replay refused again."""

    id: str
    reason: str


class ReplayView(msgspec.Struct):
    """The answer to a replay."""

    replayed: int
    refused: list[RefusalView]


class ReplayRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Which bad rows to try again."""

    ids: list[str]


class EventPage(msgspec.Struct):
    """A page of stored events."""

    items: list[PublicEnvelope]
    next_cursor: str | None


class WarehouseState(msgspec.Struct):
    """Whether the warehouse holds the event already."""

    loaded: bool


class Receipt(msgspec.Struct):
    """Where an event went."""

    message_id: str
    source: str
    offset: int
    partition: int
    stored_at: str
    warehouse: WarehouseState
