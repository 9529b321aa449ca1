"""The registry as it is in force: which events have which schema, and where personal data lies."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from queqiao.collect.contracts import SCHEMA_VERSION
from queqiao.collect.schemas_bounds import pii_fields
from queqiao.collect.schemas_builtin import builtin_schema, builtins
from queqiao.collect.schemas_calls import Refusals
from queqiao.collect.schemas_document import EVENT_SCHEMA, EventSchemaDocument
from queqiao.kernel.errors import Message, NotFound, Unavailable
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.kernel.text import clean
from queqiao.ports.records.base import Records
from queqiao.ports.records.documents import Documents, Stored

_TAGS = ("schemas",)
_NAME_MAX = 256

Marked = Mapping[tuple[str, int], int]
"""Stored events that were marked as violations, by event (or call, for traits) and version."""


class SchemaServices(msgspec.Struct, frozen=True):
    """What the endpoints need. ``refusals`` asks the intake, ``marked`` the warehouse."""

    records: Records
    refusals: Callable[[], Awaitable[list[Refusals]]]
    marked: Callable[[], Awaitable[Marked]]


class EventSchemaView(msgspec.Struct, frozen=True):
    """One schema in force. ``refused`` counts bad rows since the intake started, ``marked`` all
    stored events that a lenient one marked; both of this version, None where nobody answers."""

    name: str
    part: str
    origin: str
    id: str | None
    version: int
    mode: str
    description: str
    refused: int | None
    marked: int | None


class EventSchemaPage(msgspec.Struct, frozen=True):
    """Every schema in force."""

    items: list[EventSchemaView]
    next_cursor: str | None = None


class PiiField(msgspec.Struct, frozen=True):
    """A field that holds personal information, and of which class."""

    name: str
    part: str
    path: str
    pii: str
    origin: str


class PiiPage(msgspec.Struct, frozen=True):
    """Every field that a schema marks as personal information."""

    items: list[PiiField]
    next_cursor: str | None = None


class EventSchemaDetail(msgspec.Struct, frozen=True):
    """What holds for one event: the shipped schema and the registered one; either may be absent."""

    name: str
    part: str
    version: int
    mode: str
    builtin: dict[str, Any] | None
    registered: dict[str, Any] | None
    pii: dict[str, str]


def handlers(services: SchemaServices) -> list[Route]:
    """Return the routes of the registry. The documents have their own, as all documents do."""

    async def listed(_request: Request) -> Response:
        return json_response(EventSchemaPage(await _views(services)))

    async def detail(request: Request) -> Response:
        return json_response(await _detail(services, request))

    async def pii(_request: Request) -> Response:
        return json_response(PiiPage(await _pii(services)))

    said = Message("生效中的事件模式", "List the schemas of events that are in force")
    one = Message("一个事件的模式", "Show the schema of one event")
    marked = Message("含个人信息的字段", "List the fields that hold personal information")
    path = "/api/v1/schemas/events"
    return [
        Route("GET", path, listed, said, "read", None, EventSchemaPage, _TAGS),
        Route("GET", path + "/{event}", detail, one, "read", None, EventSchemaDetail, _TAGS),
        Route("GET", "/api/v1/schemas/pii", pii, marked, "read", None, PiiPage, _TAGS),
    ]


async def _views(services: SchemaServices) -> list[EventSchemaView]:
    live = await Documents(services.records).live(EVENT_SCHEMA)
    refused = await _refused(services)
    marked = await _unless_away(services.marked)
    shipped = [
        EventSchemaView(name, part, "builtin", None, SCHEMA_VERSION, "strict", "", None, None)
        for part, name in builtins()
    ]
    return [_registered(stored, refused, marked) for stored in live] + shipped


def _registered(
    stored: Stored, refused: Mapping[tuple[str, str, int], int] | None, marked: Marked | None
) -> EventSchemaView:
    document: EventSchemaDocument = stored.document
    name, part, version = document.name, document.part, stored.revision
    return EventSchemaView(
        name,
        part,
        "registered",
        stored.id,
        version,
        document.mode,
        document.description,
        None if refused is None else refused.get((part, name, version), 0),
        None if marked is None else marked.get((name, version), 0),
    )


async def _refused(services: SchemaServices) -> Mapping[tuple[str, str, int], int] | None:
    found = await _unless_away(services.refusals)
    if found is None:
        return None
    return {(one.part, one.name, one.version): one.refused for one in found}


async def _unless_away(ask: Callable[[], Awaitable[Any]]) -> Any:
    """Return the answer, or None while the role that knows is away: the list is of use without."""
    try:
        return await ask()
    except Unavailable:
        return None


async def _detail(services: SchemaServices, request: Request) -> EventSchemaDetail:
    name = clean(request.params["event"], "event", _NAME_MAX)
    part = "traits" if request.query.get("part") == "traits" else "properties"
    builtin = builtin_schema(part, name)
    found = [
        stored
        for stored in await Documents(services.records).live(EVENT_SCHEMA)
        if (stored.document.part, stored.document.name) == (part, name)
    ]
    if not found and builtin is None:
        raise NotFound
    document = found[0].document if found else None
    own = {} if document is None else pii_fields(document.schema)
    return EventSchemaDetail(
        name,
        part,
        found[0].revision if found else SCHEMA_VERSION,
        document.mode if document else "strict",
        dict(builtin) if builtin else None,
        document.schema if document else None,
        {**pii_fields(builtin or {}), **own},
    )


async def _pii(services: SchemaServices) -> list[PiiField]:
    found = [
        PiiField(stored.document.name, stored.document.part, path, pii, "registered")
        for stored in await Documents(services.records).live(EVENT_SCHEMA)
        for path, pii in pii_fields(stored.document.schema).items()
    ]
    found += [
        PiiField(name, part, path, pii, "builtin")
        for part, name in builtins()
        for path, pii in pii_fields(builtin_schema(part, name) or {}).items()
    ]
    return found
