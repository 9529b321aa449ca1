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
    """The message id of the event that it became; empty where its person was erased since."""


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


class EventRow(msgspec.Struct, frozen=True):
    """The event as it was understood: whose it is, and in which visit; empty where there is none.

    ``value_minor`` is in minor units of ``currency``.
    """

    event: str
    type: str
    person_id: str
    session_id: str
    order_id: str
    campaign_id: str
    value_minor: int
    currency: str


class BookedLine(msgspec.Struct, frozen=True):
    """A line that the event booked; amounts are minor units of ``currency``."""

    line: int
    kind: str
    order_id: str
    sku: str
    quantity: int
    list_minor: int
    discount_minor: int
    amount_minor: int
    currency: str
    campaign_id: str


class Stitch(msgspec.Struct, frozen=True):
    """From the event on ``person_id`` is ``into_id``; themselves again where that is empty."""

    person_id: str
    into_id: str
    reason: str


class Problem(msgspec.Struct, frozen=True):
    """A field of the event that could not be taken as it came."""

    path: str
    reason: str


class ClosedBucket(msgspec.Struct, frozen=True):
    """A bucket of time that was closed when the event came. A day is one of the shop's zone."""

    grain: Literal["minute", "hour", "day"]
    bucket: str


class Correction(msgspec.Struct, frozen=True):
    """By how much a late event moved each metric of closed buckets; money in ``currency``."""

    buckets: list[ClosedBucket]
    currency: str
    moved: dict[str, int]


class Moved(msgspec.Struct, frozen=True):
    """What an event moved. ``event`` is null for an order of an operator, which is nobody's.

    Of each list the first 1,000.
    """

    event: EventRow | None
    order_lines: list[BookedLine]
    stitches: list[Stitch]
    problems: list[Problem]
    corrections: list[Correction]


class WarehouseState(msgspec.Struct, frozen=True):
    """Whether the warehouse holds the event already, and what it moved; null until then."""

    loaded: bool
    moved: Moved | None = None


class RefusedRow(msgspec.Struct, frozen=True):
    """A bad row that bears the message id. ``replayed_as`` is the id under which it was taken."""

    id: str
    source: str
    code: str
    path: str
    reason: str
    replayed_as: str | None


class Receipt(msgspec.Struct, frozen=True):
    """Where an event went. What was only refused has neither an offset nor a time of storing.

    ``refused`` names the bad rows of this message id, the newest first, at most 50.
    """

    message_id: str
    source: str
    offset: int | None
    partition: int | None
    stored_at: str | None
    warehouse: WarehouseState
    refused: list[RefusedRow]
