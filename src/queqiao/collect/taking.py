"""The one door of every protocol: calls in, each with its verdict; all of it on disk before that.

A protocol translates what its client sent to Segment calls (JSON, camelCase) and hands them over.
Valid ones go to the event log, refused ones and conflicts to the bad rows with the client's own
bytes, so that a fix can read them again.
"""

from collections.abc import Sequence
from typing import Literal

from msgspec import Raw, Struct

from queqiao.collect.bad_rows import BadRowsLog
from queqiao.collect.contracts import BadRow, BadRowCode, Protocol
from queqiao.collect.limits import SourceLimits
from queqiao.collect.schemas import kept_version
from queqiao.collect.validation import Origin, Validator
from queqiao.kernel.envelope import CallType
from queqiao.kernel.errors import FieldError, InvalidInput, Message, QueqiaoError
from queqiao.ports.event_log.base import EventLog, NewEvent

_CONFLICT = Message(
    "同一 messageId 已有不同内容的事件", "another event with this messageId is already stored"
)


class Incoming(Struct, frozen=True):
    """One call on its way in. ``call`` None means that ``body`` names its own type.

    ``original`` is what the client sent where that is not ``body`` itself; it is read by
    ``protocol``, and ``part`` says which of its events this is. ``own_id`` is for a message without
    an id. A call that could not be translated brings its ``refusal``, whose traceback may lead back
    here: so the collector must see these.
    """

    body: bytes | Raw
    call: CallType | None = None
    original: bytes | Raw | None = None
    protocol: Protocol = "segment"
    part: int = 0
    own_id: str | None = None
    refusal: InvalidInput | None = None


class Verdict(Struct, frozen=True, gc=False):
    """What became of one call. ``refusal`` says what was wrong with an invalid or conflicting one.

    ``message_id`` is empty where the call was not understood so far.
    """

    status: Literal["stored", "duplicate", "conflict", "invalid"]
    message_id: str = ""
    refusal: FieldError | None = None


class Taking:
    """Takes calls of one request; returns only after everything of them is on disk."""

    def __init__(
        self,
        log: EventLog,
        bad_rows: BadRowsLog,
        validator: Validator,
        limits: SourceLimits | None = None,
    ) -> None:
        self._log = log
        self._bad_rows = bad_rows
        self._validator = validator
        self._limits = limits

    async def take(self, calls: Sequence[Incoming], origin: Origin) -> list[Verdict]:
        """Store the valid calls, keep the others as bad rows; verdicts in the order of the calls.

        Raises StorageFull or Unavailable, and then nothing of it may be acknowledged;
        TooManyRequests, having done nothing.
        """
        if self._limits is not None:
            self._limits.admit(origin.source, len(calls))
        events: list[NewEvent] = []
        verdicts: list[Verdict | None] = []
        rows: list[BadRow] = []
        for incoming in calls:
            try:
                events.append(self._event(incoming, origin))
                verdicts.append(None)
            except InvalidInput as refusal:
                rows.append(refused_row(origin, incoming, "invalid", refusal))
                verdicts.append(Verdict("invalid", refusal=first_fault(refusal)))
        stored = iter(await self._store(events))
        whole = [known or next(stored) for known in verdicts]
        rows += [
            refused_row(origin, incoming, "conflict", conflict())
            for incoming, verdict in zip(calls, whole, strict=True)
            if verdict.status == "conflict"
        ]
        if rows:
            await self._bad_rows.keep(rows)
        return whole

    def _event(self, incoming: Incoming, origin: Origin) -> NewEvent:
        if incoming.refusal is not None:
            raise incoming.refusal
        return self._validator.event(incoming.body, incoming.call, origin, incoming.own_id)

    async def keep_whole(
        self,
        body: bytes,
        origin: Origin,
        refusal: QueqiaoError,
        protocol: Protocol = "segment",
    ) -> None:
        """Keep a request in which no event could be told: it counts as one. Raises as ``take``."""
        if self._limits is not None:
            self._limits.admit(origin.source, 1)
        whole = Incoming(body, protocol=protocol)
        await self._bad_rows.keep([refused_row(origin, whole, "not_json", refusal)])

    async def _store(self, events: Sequence[NewEvent]) -> list[Verdict]:
        outcomes = await self._log.append(events) if events else ()
        return [
            Verdict(
                outcome.status,
                event.message_id,
                FieldError("messageId", _CONFLICT) if outcome.status == "conflict" else None,
            )
            for event, outcome in zip(events, outcomes, strict=True)
        ]


def conflict() -> InvalidInput:
    """Return the refusal of an event whose id is known with another content."""
    return InvalidInput(FieldError("messageId", _CONFLICT))


def first_fault(refusal: QueqiaoError) -> FieldError:
    """Return the first field that a refusal names."""
    return refusal.fields[0] if refusal.fields else FieldError("", refusal.title)


def refused_row(
    origin: Origin, incoming: Incoming, code: BadRowCode, refusal: QueqiaoError
) -> BadRow:
    """Return what is kept of a refused call."""
    fault = first_fault(refusal)
    original = incoming.body if incoming.original is None else incoming.original
    return BadRow(
        received_at_us=origin.received_at_us,
        source=origin.source,
        code=code,
        path=fault.path,
        reason=fault.message,
        body=bytes(original),
        call=incoming.call,
        sent_at_us=origin.sent_at_us,
        whole_body=code == "not_json",
        schema_version=kept_version(refusal),
        protocol=incoming.protocol,
        part=incoming.part,
        own_id=incoming.own_id,
    )
