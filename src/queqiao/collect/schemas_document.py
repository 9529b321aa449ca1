"""The document ``event-schema``: what the properties of one event must look like."""

from typing import Any, Literal

import msgspec
from jsonschema_rs import ValidationError
from sqlalchemy import Connection

from queqiao.collect.schemas_bounds import check_bounds
from queqiao.collect.schemas_compiled import compile_schema
from queqiao.kernel.documents import DocumentKind
from queqiao.kernel.errors import FieldError, InvalidInput, Message, Refused
from queqiao.kernel.text import clean
from queqiao.ports.records import documents

NAME_MAX = 256
DESCRIPTION_MAX = 2_000
TRAITS_OF = ("identify", "group")
"""Calls whose traits may have a schema; it goes by the name of the call."""


class EventSchemaDocument(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True
):
    """The schema of one event's properties, or of the traits of ``identify`` or ``group``.

    ``schema`` is JSON Schema 2020-12; a field's ``x-pii`` names the class of personal information
    in it. A violation makes a bad row under ``strict``; under ``lenient`` the event is stored and
    marked. The version is the document's revision.
    """

    name: str
    schema: dict[str, Any]
    part: Literal["properties", "traits"] = "properties"
    mode: Literal["strict", "lenient"] = "strict"
    description: str = ""


def check_event_schema(document: EventSchemaDocument) -> None:
    """Raise InvalidInput, by path, for what can be no schema or could cost too much."""
    if not clean(document.name, "name", NAME_MAX).strip():
        raise InvalidInput(
            FieldError("name", Message("请填写事件名", "the event's name is needed"))
        )
    clean(document.description, "description", DESCRIPTION_MAX)
    if document.part == "traits" and document.name not in TRAITS_OF:
        message = Message("traits 只属于 identify 或 group", "traits belong to identify or group")
        raise InvalidInput(FieldError("name", message))
    check_bounds(document.schema)
    try:
        compile_schema(document.schema)
    except ValidationError as error:
        raise InvalidInput(_fault(error)) from error


def _fault(error: ValidationError) -> FieldError:
    """Return where a schema is no schema; a pattern may be one that only other engines take."""
    steps = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.instance_path]
    path = "schema" + "".join(steps)
    if steps and steps[-1] == ".pattern":
        return FieldError(
            path,
            Message(
                "不支持的正则：不能用环视和反向引用，规模也有上限",
                "no such pattern: look-around and back references are not supported, and its size"
                " is bounded",
            ),
        )
    return FieldError(path, Message("不符合 JSON Schema 2020-12", "not JSON Schema 2020-12"))


EVENT_SCHEMA = DocumentKind(
    name="event-schema", path="event-schemas", type=EventSchemaDocument, check=check_event_schema
)


def check_live_event_schema(document: EventSchemaDocument, conn: Connection) -> None:
    """Raise Refused when another live document speaks of the same event."""
    same = [
        stored
        for stored in documents.live(conn, EVENT_SCHEMA)
        if (stored.document.part, stored.document.name) == (document.part, document.name)
    ]
    if len(same) > 1:
        message = Message(
            "这个事件已有一个发布中的模式，请改它或先暂停它",
            "this event has a live schema already; change that one, or pause it first",
        )
        raise Refused(message, reason="taken")
