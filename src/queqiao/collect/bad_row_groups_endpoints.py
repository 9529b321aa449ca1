"""The management API of the groups of bad rows, and of a row's original bytes."""

import asyncio
from base64 import b64encode

import msgspec

from queqiao.collect.bad_row_groups import BadRowGroups, Group
from queqiao.collect.contracts import KeptBadRow
from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.errors import Message, NotFound
from queqiao.kernel.http import Language, Request, Response, Route, json_response

GROUPS_MAX = 500
ROWS_SHOWN = 50
IDS_MAX = 10_000
"""A group's answer names at most this many rows that wait for a replay."""
BYTES_SHOWN = 16_384

_TAGS = ("intake",)


class BadRowGroupView(msgspec.Struct, frozen=True):
    """Rows refused for one reason; ``waiting`` of the ``rows`` are not replayed yet."""

    id: str
    source: str
    protocol: str
    code: str
    event: str
    path: str
    reason: str
    schema_version: int
    first_at: str
    last_at: str
    rows: int
    waiting: int


class BadRowGroupPage(msgspec.Struct, frozen=True):
    """The groups, that of the newest row first; at most ``GROUPS_MAX``."""

    items: list[BadRowGroupView]
    next_cursor: str | None = None


class OriginalRow(msgspec.Struct, frozen=True):
    """A row and the first ``BYTES_SHOWN`` of its bytes: ``text``, or ``base64`` if not UTF-8."""

    id: str
    received_at: str
    size: int
    text: str | None
    base64: str | None
    replayed_as: str | None


class BadRowGroupDetail(msgspec.Struct, frozen=True):
    """One group: its newest rows, and the ids of those that wait, oldest first."""

    group: BadRowGroupView
    items: list[OriginalRow]
    waiting_ids: list[str]


def handlers(groups: BadRowGroups) -> list[Route]:
    """Return the routes."""

    async def listed(request: Request) -> Response:
        found = await asyncio.to_thread(groups.groups)
        views = [_view(one, request.language) for one in found[:GROUPS_MAX]]
        return json_response(BadRowGroupPage(views))

    async def detail(request: Request) -> Response:
        group = await asyncio.to_thread(groups.group, request.params["id"])
        if group is None:
            raise NotFound
        rows = await asyncio.to_thread(groups.newest, group, ROWS_SHOWN)
        waiting = await asyncio.to_thread(groups.waiting, group, IDS_MAX)
        shown = [_original(row) for row in rows]
        return json_response(BadRowGroupDetail(_view(group, request.language), shown, waiting))

    async def body(request: Request) -> Response:
        kept = await asyncio.to_thread(groups.row, request.params["id"])
        if kept is None:
            raise NotFound
        name = (("content-disposition", f'attachment; filename="bad-row-{kept.id}.bin"'),)
        return Response(200, kept.row.body, "application/octet-stream", name)

    every = Message("按原因归组的坏数据", "Group what was refused by source, event and reason")
    one = Message("一组坏数据和它们的原文", "Show one group with its rows' original bytes")
    whole = Message("一条坏数据的原始字节", "Download a bad row's original bytes")
    path = "/api/v1/bad-rows"
    return [
        Route("GET", f"{path}/groups", listed, every, "read", None, BadRowGroupPage, _TAGS),
        Route("GET", f"{path}/groups/{{id}}", detail, one, "read", None, BadRowGroupDetail, _TAGS),
        Route("GET", f"{path}/{{id}}/body", body, whole, "read", tags=_TAGS),
    ]


def _view(group: Group, language: Language) -> BadRowGroupView:
    return BadRowGroupView(
        group.id,
        group.source,
        group.protocol,
        group.code,
        group.event,
        group.path,
        group.reason.in_language(language),
        group.schema_version,
        format_rfc3339(group.first_at_us),
        format_rfc3339(group.last_at_us),
        group.rows,
        group.waiting,
    )


def _original(kept: KeptBadRow) -> OriginalRow:
    shown = kept.row.body[:BYTES_SHOWN]
    try:
        text, encoded = shown.decode(), None
    except UnicodeDecodeError:
        text, encoded = None, b64encode(shown).decode("ascii")
    return OriginalRow(
        kept.id,
        format_rfc3339(kept.row.received_at_us),
        len(kept.row.body),
        text,
        encoded,
        kept.replayed_as,
    )
