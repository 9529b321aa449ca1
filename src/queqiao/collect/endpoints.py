"""The management API of the intake: stored events, receipts, bad rows and their replay."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from queqiao.collect.bad_rows import BadRows
from queqiao.collect.contracts import (
    BadRowPage,
    BadRowView,
    EventPage,
    KeptBadRow,
    Moved,
    Receipt,
    RefusalView,
    RefusedRow,
    ReplayRequest,
    ReplayView,
    WarehouseState,
)
from queqiao.collect.masking import without_codes
from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.envelope import PublicEnvelope, decode_envelope, publish
from queqiao.kernel.errors import FieldError, InvalidInput, Message, NotFound
from queqiao.kernel.http import Language, Request, Response, Route, json_response
from queqiao.kernel.paging import cursor_after, cursor_of, limit_of, whole_of
from queqiao.kernel.text import clean
from queqiao.kernel.tokens import Signer
from queqiao.ports.event_log.base import EventLogAccess, StoredEvent

LIMIT_MAX = 500
SCAN_MAX = 5_000
"""A filter by event name looks at about this many events for one page."""
REPLAY_IDS_MAX = 1_000
REFUSED_MAX = 50
"""A receipt names at most so many bad rows."""
TEXT_BYTES_MAX = 16_384
"""So much of a bad row's bytes is shown."""

_TAGS = ("intake",)
_EVENTS, _ROWS = "collect.events", "collect.bad-rows"
_OFFSET_MAX = 1 << 62


@dataclass(frozen=True)
class CollectServices:
    """What the endpoints need. ``loaded`` returns up to which offset the warehouse is loaded.

    ``moved`` returns what a loaded event moved there; ``refused`` the newest bad rows of a message
    id, up to a limit, and blocks.
    """

    log: EventLogAccess
    bad_rows: BadRows
    signer: Signer
    loaded: Callable[[], Awaitable[int]]
    moved: Callable[[int], Awaitable[Moved]]
    refused: Callable[[str, int], list[KeptBadRow]]


def handlers(services: CollectServices) -> list[Route]:
    """Return the management routes of this stage."""
    return [
        _events_route(services),
        _receipt_route(services),
        _bad_rows_route(services),
        _replay_route(services),
    ]


def _events_route(services: CollectServices) -> Route:
    async def events(request: Request) -> Response:
        page = await _events(services, request)
        who = request.principal
        if who is None or not who.may("admin"):
            page = EventPage([without_codes(event) for event in page.items], page.next_cursor)
        return json_response(page)

    return Route(
        "GET",
        "/api/v1/events",
        events,
        Message("已存事件", "Read stored events: by message id, after an offset, or the newest"),
        "read",
        response_type=EventPage,
        tags=_TAGS,
    )


def _receipt_route(services: CollectServices) -> Route:
    async def receipt(request: Request) -> Response:
        message_id = clean(request.params["message_id"], "message_id", 256)
        source = request.query.get("source")
        found = await services.log.find(message_id, source)
        rows = await asyncio.to_thread(services.refused, message_id, REFUSED_MAX)
        refused = [
            _refused(kept, request.language)
            for kept in rows
            if source is None or kept.row.source == source
        ]
        if not found and not refused:
            raise NotFound
        if not found:
            return json_response(_only_refused(message_id, refused))
        return json_response(await _receipt(services, found[0], refused))

    return Route(
        "GET",
        "/api/v1/receipts/{message_id}",
        receipt,
        Message("事件回执", "Say where an event went, what it moved, and what was refused"),
        "read",
        response_type=Receipt,
        tags=_TAGS,
    )


def _bad_rows_route(services: CollectServices) -> Route:
    async def bad_rows(request: Request) -> Response:
        limit = limit_of(request, LIMIT_MAX)
        before = cursor_of(request, services.signer, _ROWS, str)
        found = await services.bad_rows.list(limit + 1, before)
        page = [_view(kept, request.language) for kept in found[:limit]]
        following = None
        if len(found) > limit:
            following = cursor_after(services.signer, _ROWS, found[limit - 1].id)
        return json_response(BadRowPage(page, following))

    return Route(
        "GET",
        "/api/v1/bad-rows",
        bad_rows,
        Message("坏数据", "List what was refused, newest first, with the reason"),
        "read",
        response_type=BadRowPage,
        tags=_TAGS,
    )


def _replay_route(services: CollectServices) -> Route:
    async def replay(request: Request) -> Response:
        ids = request.decode(ReplayRequest).ids
        if len(ids) > REPLAY_IDS_MAX:
            message = Message(f"最多 {REPLAY_IDS_MAX} 条", f"at most {REPLAY_IDS_MAX} rows")
            raise InvalidInput(FieldError("ids", message))
        done = await services.bad_rows.replay(ids)
        refused = [
            RefusalView(refusal.id, refusal.reason.in_language(request.language))
            for refusal in done.refused
        ]
        return json_response(ReplayView(done.replayed, refused))

    return Route(
        "POST",
        "/api/v1/bad-rows/replay",
        replay,
        Message("重放坏数据", "Try refused rows again; repeating it changes nothing"),
        "write",
        request_type=ReplayRequest,
        response_type=ReplayView,
        tags=_TAGS,
    )


async def _events(services: CollectServices, request: Request) -> EventPage:
    message_id = request.query.get("message_id")
    if message_id is not None:
        found = await services.log.find(clean(message_id, "message_id", 256))
        return EventPage([_public(event) for event in found], None)
    limit, name = limit_of(request, LIMIT_MAX), request.query.get("event")
    if "after" in request.query:
        after = whole_of(request, "after", 0, _OFFSET_MAX, 0)
        stored = await services.log.range(after, SCAN_MAX if name else limit)
        return EventPage(_named(stored, name)[:limit], None)
    return await _newest(services, request, limit, name)


async def _newest(
    services: CollectServices, request: Request, limit: int, name: str | None
) -> EventPage:
    """Return the newest events first, or those before the cursor."""
    wanted = SCAN_MAX if name else limit
    before = cursor_of(request, services.signer, _EVENTS, int)
    if before is None:
        stored = await services.log.recent(wanted)
    else:
        first = max(0, before - 1 - wanted)
        stored = await services.log.range(first, before - 1 - first)
    page = _named(stored[::-1], name)[:limit]
    reached = stored[0].offset if stored else 1
    if len(page) == limit:
        reached = page[-1].offset or 1
    following = None
    if reached > 1:
        following = cursor_after(services.signer, _EVENTS, reached)
    return EventPage(page, following)


def _named(stored: list[StoredEvent], name: str | None) -> list[PublicEnvelope]:
    envelopes = ((event.offset, decode_envelope(event.body)) for event in stored)
    return [publish(e, offset) for offset, e in envelopes if name is None or e.event == name]


def _public(event: StoredEvent) -> PublicEnvelope:
    return publish(decode_envelope(event.body), event.offset)


async def _receipt(
    services: CollectServices, event: StoredEvent, refused: list[RefusedRow]
) -> Receipt:
    envelope = decode_envelope(event.body)
    is_loaded = event.offset <= await services.loaded()
    moved = await services.moved(event.offset) if is_loaded else None
    return Receipt(
        message_id=envelope.message_id,
        source=envelope.source,
        offset=event.offset,
        partition=0,
        stored_at=format_rfc3339(envelope.received_at_us),
        warehouse=WarehouseState(is_loaded, moved),
        refused=refused,
    )


def _only_refused(message_id: str, refused: list[RefusedRow]) -> Receipt:
    return Receipt(
        message_id, refused[0].source, None, None, None, WarehouseState(loaded=False), refused
    )


def _refused(kept: KeptBadRow, language: Language) -> RefusedRow:
    row = kept.row
    reason = row.reason.in_language(language)
    return RefusedRow(kept.id, row.source, row.code, row.path, reason, kept.replayed_as)


def _view(kept: KeptBadRow, language: Language) -> BadRowView:
    row = kept.row
    try:
        text: str | None = row.body.decode()[:TEXT_BYTES_MAX]
    except UnicodeDecodeError:
        text = None
    return BadRowView(
        id=kept.id,
        received_at=format_rfc3339(row.received_at_us),
        source=row.source,
        protocol=row.protocol,
        code=row.code,
        path=row.path,
        reason=row.reason.in_language(language),
        schema_version=row.schema_version,
        size=len(row.body),
        text=text,
        replayed_as=kept.replayed_as,
    )
