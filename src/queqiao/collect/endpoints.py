"""The management routes of collection: the live events, receipts, and the bad rows with replay."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import msgspec

from queqiao.collect.contracts import (
    BadRowPage,
    BadRowView,
    EventPage,
    KeptBadRow,
    Receipt,
    RefusalView,
    Replay,
    ReplayRequest,
    ReplayView,
    WarehouseState,
)
from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.envelope import PublicEnvelope, decode_envelope, publish
from queqiao.kernel.errors import FieldError, InvalidInput, Message, NotFound
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.kernel.text import clean
from queqiao.kernel.tokens import Signer
from queqiao.ports.event_log.base import StoredEvent

LIMIT_MAX = 500
SCANNED_MAX = 20_000
"""How many events of the log one look for a name goes through."""
MESSAGE_ID_MAX = 255
REPLAY_BYTES_MAX = 100_000
_CURSOR = "collect.bad_rows"
_TAGS = ("events",)


class Log(Protocol):
    """The log as the console reaches it."""

    async def find(self, message_id: str, source: str | None = None) -> list[StoredEvent]:
        """Return the events of a message id."""
        ...

    async def range(self, after: int, limit: int) -> list[StoredEvent]:
        """Return events after an offset."""
        ...

    async def recent(self, limit: int) -> list[StoredEvent]:
        """Return the last events."""
        ...


class BadRows(Protocol):
    """The bad rows as the console reaches them."""

    async def list(self, limit: int, before: str | None) -> Sequence[KeptBadRow]:
        """Return rows, newest first, older than the row ``before``."""
        ...

    async def replay(self, ids: Sequence[str]) -> Replay:
        """Try rows again."""
        ...


class CollectServices(msgspec.Struct, frozen=True):
    """What the routes need. ``loaded`` returns up to which offset the warehouse is loaded."""

    log: Log
    bad_rows: BadRows
    signer: Signer
    loaded: Callable[[], Awaitable[int]]


def handlers(services: CollectServices) -> list[Route]:
    """Return the routes of the console role."""
    desk = EventsDesk(services)
    return [
        Route(
            "GET", "/api/v1/events", desk.events,
            Message("事件：按消息号查，或实时列出", "Events by message id, or the live ones"),
            "read", None, EventPage, _TAGS,
        ),
        Route(
            "GET", "/api/v1/receipts/{message_id}", desk.receipt,
            Message("事件的回执", "The receipt of an event"), "read", None, Receipt, _TAGS,
        ),
        Route(
            "GET", "/api/v1/bad-rows", desk.bad_rows,
            Message("坏行与原因", "Bad rows and why"), "read", None, BadRowPage, _TAGS,
        ),
        Route(
            "POST", "/api/v1/bad-rows/replay", desk.replay,
            Message("修复后重放坏行", "Replay bad rows after a fix"), "write",
            ReplayRequest, ReplayView, _TAGS, REPLAY_BYTES_MAX,
        ),
    ]  # fmt: skip


class EventsDesk:
    """The handlers."""

    def __init__(self, services: CollectServices) -> None:
        self._services = services

    async def events(self, request: Request) -> Response:
        """Return the events of a message id, those after an offset, or the newest."""
        message_id = request.query.get("message_id")
        if message_id is not None:
            found = await self._services.log.find(clean(message_id, "message_id", MESSAGE_ID_MAX))
        else:
            found = await self._live(request)
        return json_response(EventPage([_public(event) for event in found], None))

    async def _live(self, request: Request) -> list[StoredEvent]:
        limit, name = _limit(request), request.query.get("event", "")
        after = request.query.get("after")
        reach = SCANNED_MAX if name else limit
        log = self._services.log
        if after is None:
            found = (await log.recent(reach))[::-1]
        else:
            found = await log.range(_number(after, "after"), reach)
        if name:
            found = [event for event in found if decode_envelope(event.body).event == name]
        return found[:limit]

    async def receipt(self, request: Request) -> Response:
        """Return where an event lies and what it has moved."""
        message_id = clean(request.params["message_id"], "message_id", MESSAGE_ID_MAX)
        found = await self._services.log.find(message_id)
        if not found:
            raise NotFound(Message("没有收到过这个消息号", "no event of this message id was taken"))
        event = found[0]
        envelope = decode_envelope(event.body)
        is_loaded = event.offset <= await self._services.loaded()
        stored_at = format_rfc3339(envelope.received_at_us)
        return json_response(
            Receipt(
                message_id, envelope.source, event.offset, 0, stored_at, WarehouseState(is_loaded)
            )
        )

    async def bad_rows(self, request: Request) -> Response:
        """Return a page of bad rows, newest first."""
        limit = _limit(request)
        rows = await self._services.bad_rows.list(limit + 1, self._place(request))
        cursor = None
        if len(rows) > limit:
            cursor = self._services.signer.sign(rows[limit - 1].id.encode(), _CURSOR)
        views = [_view(row, request.language) for row in rows[:limit]]
        return json_response(BadRowPage(views, cursor))

    def _place(self, request: Request) -> str | None:
        cursor = request.query.get("cursor")
        if not cursor:
            return None
        try:
            return self._services.signer.verify(cursor, _CURSOR).decode()
        except (NotFound, UnicodeDecodeError) as error:
            message = Message("请用上一页给出的 next_cursor", "use next_cursor of the page before")
            raise InvalidInput(FieldError("cursor", message)) from error

    async def replay(self, request: Request) -> Response:
        """Try bad rows again."""
        asked = request.decode(ReplayRequest, REPLAY_BYTES_MAX)
        done = await self._services.bad_rows.replay(asked.ids)
        refused = [
            RefusalView(one.id, one.reason.in_language(request.language)) for one in done.refused
        ]
        return json_response(ReplayView(done.replayed, refused))


def _public(event: StoredEvent) -> PublicEnvelope:
    return publish(decode_envelope(event.body), event.offset)


def _view(kept: KeptBadRow, language: str) -> BadRowView:
    row = kept.row
    text: str | None = None
    try:
        text = row.body.decode()
    except UnicodeDecodeError:
        text = None
    return BadRowView(
        kept.id,
        format_rfc3339(row.received_at_us),
        row.source,
        row.code,
        row.path,
        row.reason.in_language(language),
        row.schema_version,
        len(row.body),
        text,
        kept.replayed_as,
    )


def _limit(request: Request) -> int:
    limit = _number(request.query.get("limit", "50"), "limit")
    if not 1 <= limit <= LIMIT_MAX:
        message = Message(f"1 到 {LIMIT_MAX} 的整数", f"a whole number from 1 to {LIMIT_MAX}")
        raise InvalidInput(FieldError("limit", message))
    return limit


def _number(said: str, path: str) -> int:
    if not (said.isascii() and said.isdecimal() and len(said) <= 18):
        raise InvalidInput(FieldError(path, Message("应为非负整数", "a whole number, 0 or more")))
    return int(said)
