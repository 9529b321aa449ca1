"""Putting people together by hand, taking it back, and which ids are one person and why.

An order is an event of the log: it is kept like every other, and what it does follows from the log.
The answer names its offset; it holds once the watermark has come so far, mostly within a second.
"""

from hashlib import blake2b
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

from queqiao.kernel import json
from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.errors import Conflict, FieldError, InvalidInput, Message, NotFound
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.kernel.ids import IdSource
from queqiao.kernel.text import clean
from queqiao.ports.event_log.base import EventLog, NewEvent
from queqiao.ports.event_log.own import own_event
from queqiao.ports.warehouse.base import Warehouse
from queqiao.process.contracts import MERGED, SEPARATED
from queqiao.process.contracts import Order as Ordered
from queqiao.profile.expression import TEXT_MAX
from queqiao.profile.person_query import OWNER

HISTORY_MAX = 1000
_BODY_MAX = 10_000
_TAGS = ("profiles",)
_PATH = "/api/v1/profiles/{id}"

_KNOWN = (
    "SELECT person_id, max(user_id = person_id) FROM history"
    " WHERE person_id IN ({one:String}, {other:String}) GROUP BY person_id"
)
_WHO = f"WITH {OWNER} SELECT user FROM owner WHERE known = {{id:String}}"  # noqa: S608  # our own words; values are parameters
_IDS = (
    f"WITH {OWNER} SELECT known FROM owner WHERE user = {{id:String}}"  # noqa: S608  # our own words; values are parameters
    " ORDER BY known LIMIT 1000"
)
_STITCHES = (
    "SELECT offset, person_id, into_id, reason, at FROM stitches WHERE into_id != ''"
    " AND (person_id IN {ids:Array(String)} OR into_id = {id:String})"
    " ORDER BY offset DESC, person_id LIMIT {limit:UInt32}"
)
_IS_PERSON = "SELECT count() > 0 FROM history WHERE person_id = {id:String}"


class MergeRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Who else the person is (or is not). ``note`` says why, for those who look later."""

    other: Annotated[str, Meta(min_length=1, max_length=255)]
    note: Annotated[str, Meta(max_length=500)] = ""


class MergeTaken(msgspec.Struct, frozen=True):
    """The order is in the log at ``offset``; it holds once the watermark has come so far."""

    offset: int


class StitchView(msgspec.Struct, frozen=True):
    """From the event at ``offset`` on ``person_id`` is ``into_id``, or again themselves."""

    offset: int
    person_id: str
    into_id: str
    reason: str
    at: str


class IdentityView(msgspec.Struct, frozen=True):
    """Whom an id stands for, all ids of that person, and every stitch of theirs, newest first."""

    person_id: str
    ids: list[str]
    stitches: list[StitchView]


class MergeServices(NamedTuple):
    """What the routes need."""

    warehouse: Warehouse
    log: EventLog
    ids: IdSource


def handlers(services: MergeServices) -> list[Route]:
    """Return the routes."""

    async def merge(request: Request) -> Response:
        return json_response(await _order(services, request, MERGED), 202)

    async def unmerge(request: Request) -> Response:
        return json_response(await _order(services, request, SEPARATED), 202)

    async def identity(request: Request) -> Response:
        named = clean(request.params["id"], "id", TEXT_MAX)
        return json_response(await identity_of(services.warehouse, named))

    joined = Message("把两个顾客合并为一人", "Put two people together")
    parted = Message("撤销合并，或把一个 id 分出去", "Take a merge back, or set an id apart")
    told = Message("一位顾客的所有 id 及其原因", "Return a person's ids and why they are one")
    return [
        Route(
            "POST", f"{_PATH}/merge", merge, joined, "write", MergeRequest, MergeTaken, _TAGS,
            _BODY_MAX, status=202,
        ),
        Route(
            "POST", f"{_PATH}/unmerge", unmerge, parted, "write", MergeRequest, MergeTaken, _TAGS,
            _BODY_MAX, status=202,
        ),
        Route("GET", f"{_PATH}/identity", identity, told, "read", None, IdentityView, _TAGS),
    ]  # fmt: skip


async def identity_of(warehouse: Warehouse, person_id: str) -> IdentityView:
    """Return whom an id stands for, and their ids. Raises NotFound for an id never seen."""
    who = (await warehouse.query(_WHO, {"id": person_id})).rows
    is_person = (await warehouse.query(_IS_PERSON, {"id": person_id})).rows[0][0]
    if not who and not is_person:
        raise NotFound
    root = who[0][0] if who else person_id
    ids = [root, *(row[0] for row in (await warehouse.query(_IDS, {"id": root})).rows)]
    asked: dict[str, Any] = {"ids": ids, "id": root, "limit": HISTORY_MAX}
    rows = (await warehouse.query(_STITCHES, asked)).rows
    stitches = [
        StitchView(offset, named, into, reason, format_rfc3339(at_us))
        for offset, named, into, reason, at_us in rows
    ]
    return IdentityView(root, ids, stitches)


async def _order(services: MergeServices, request: Request, name: str) -> MergeTaken:
    """Put the order into the log, durably. Raises NotFound when one of the two was never seen."""
    asked = request.decode(MergeRequest, _BODY_MAX)
    one = clean(request.params["id"], "id", TEXT_MAX)
    other, note = clean(asked.other, "other", TEXT_MAX), clean(asked.note, "note", TEXT_MAX)
    if one == other:
        message = Message("与自己相同", "the same id as the person's own")
        raise InvalidInput(FieldError("other", message))
    known = await services.warehouse.query(_KNOWN, {"one": one, "other": other})
    if len(known.rows) < 2:
        raise NotFound
    users = sorted(row[0] for row in known.rows if row[1])
    by = request.principal.id if request.principal else ""
    event = _event(
        name, Ordered(one, other, users, by, note), _message_id(services, request), request
    )
    (outcome,) = await services.log.append([event])
    if outcome.status == "conflict":
        message = Message(
            "这个 Idempotency-Key 已用于另一个请求", "the key came with another request"
        )
        raise Conflict(message)
    return MergeTaken(outcome.offset)


def _message_id(services: MergeServices, request: Request) -> str:
    """Return the event's id: one for one Idempotency-Key of a caller, so that a retry is known."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return services.ids.new()
    who = request.principal.id if request.principal else ""
    said = f"{who}\x1f{key}".encode()
    return f"merge-{blake2b(said, digest_size=16).hexdigest()}"


def _event(name: str, order: Ordered, message_id: str, request: Request) -> NewEvent:
    said = name.encode() + json.encode(order)
    return own_event(message_id, name, order, request.now_us, said=said)
