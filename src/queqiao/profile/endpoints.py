"""The management API of profiles and segments."""

from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.params import Parameter

from queqiao.kernel import json
from queqiao.kernel.clock import Clock, parse_rfc3339
from queqiao.kernel.errors import NotFound
from queqiao.kernel.text import clean
from queqiao.kernel.tokens import Signer
from queqiao.ports.records.base import Records
from queqiao.ports.records.documents import Documents
from queqiao.ports.warehouse.base import Warehouse
from queqiao.profile import people, segments
from queqiao.profile.contracts import SEGMENT
from queqiao.profile.expression import TEXT_MAX, Node, parse

BODY_MAX = 200_000
Limit = Annotated[int, Parameter(ge=1, le=1000)]
_MEMBERS = "profile.members"
_PROFILES = "profile.profiles"


class ProfileServices(msgspec.Struct, frozen=True):
    """What the endpoints need. ``signer`` signs the cursors of lists."""

    warehouse: Warehouse
    records: Records
    clock: Clock
    signer: Signer


class PreviewRequest(msgspec.Struct, frozen=True):
    """The body of a preview."""

    expression: dict[str, Any]


class Member(msgspec.Struct, frozen=True):
    """One member of a segment."""

    person_id: str


class MemberList(msgspec.Struct, frozen=True):
    """A page of members by id."""

    items: list[Member]
    next_cursor: str | None


class ProfileList(msgspec.Struct, frozen=True):
    """A page of people, those seen last first."""

    items: list[people.PersonSummary]
    next_cursor: str | None


def handlers(services: ProfileServices) -> list[Any]:
    """Return the Litestar route handlers."""
    return [*_segment_handlers(services), *_profile_handlers(services)]


def _segment_handlers(services: ProfileServices) -> list[Any]:
    warehouse, clock = services.warehouse, services.clock

    @post(
        "/api/v1/segments/preview",
        status_code=200,
        summary="Count an expression",
        tags=["segments"],
        opt={"scope": "read"},
    )
    async def preview_segment(request: Request[Any, Any, Any]) -> segments.Preview:
        asked = json.decode(await request.body(), PreviewRequest, BODY_MAX)
        return await segments.preview(warehouse, asked.expression, clock.now_us())

    @get(
        "/api/v1/segments/{segment_id:str}/members",
        summary="List a segment's members",
        tags=["segments"],
        opt={"scope": "read"},
    )
    async def list_members(
        segment_id: str, limit: Limit = 50, cursor: str | None = None
    ) -> MemberList:
        return await _members(services, segment_id, limit, cursor)

    @get(
        "/api/v1/segments/{segment_id:str}/explain",
        summary="Say why a person is in a segment or not",
        tags=["segments"],
        opt={"scope": "read"},
    )
    async def explain_segment(segment_id: str, user: str) -> segments.Explanation:
        node = await _expression(services, segment_id)
        person = clean(user, "user", TEXT_MAX)
        return await segments.explain(warehouse, node, person, clock.now_us())

    return [preview_segment, list_members, explain_segment]


def _profile_handlers(services: ProfileServices) -> list[Any]:
    @get(
        "/api/v1/profiles",
        summary="List people",
        tags=["profiles"],
        opt={"scope": "read"},
    )
    async def list_profiles(
        query: str = "", limit: Limit = 50, cursor: str | None = None
    ) -> ProfileList:
        return await _profiles(services, clean(query, "query", TEXT_MAX), limit, cursor)

    @get(
        "/api/v1/profiles/{person_id:str}",
        summary="Return all that is known of a person",
        tags=["profiles"],
        opt={"scope": "read"},
    )
    async def get_profile(person_id: str) -> people.Profile:
        person = clean(person_id, "id", TEXT_MAX)
        now_us = services.clock.now_us()
        live = await Documents(services.records).live(SEGMENT)
        held = await segments.segments_of(services.warehouse, live, person, now_us)
        return await people.profile(services.warehouse, person, now_us, held)

    return [list_profiles, get_profile]


async def _expression(services: ProfileServices, segment_id: str) -> Node:
    stored = await Documents(services.records).get(SEGMENT, clean(segment_id, "id", TEXT_MAX))
    return parse(stored.document.expression)


async def _members(
    services: ProfileServices, segment_id: str, limit: int, cursor: str | None
) -> MemberList:
    node = await _expression(services, segment_id)
    purpose = f"{_MEMBERS}:{segment_id}"
    after = services.signer.verify(cursor, purpose).decode() if cursor else ""
    now_us = services.clock.now_us()
    found = await segments.members(services.warehouse, node, now_us, limit + 1, after)
    page = found[:limit]
    following = services.signer.sign(page[-1].encode(), purpose) if len(found) > limit else None
    return MemberList([Member(person) for person in page], following)


async def _profiles(
    services: ProfileServices, query: str, limit: int, cursor: str | None
) -> ProfileList:
    after = _place(services.signer, cursor) if cursor else None
    found = await people.summaries(
        services.warehouse, services.clock.now_us(), limit + 1, query=query, after=after
    )
    page = found[:limit]
    if len(found) <= limit:
        return ProfileList(page, None)
    place = msgspec.json.encode((page[-1].last_seen, page[-1].person_id))
    return ProfileList(page, services.signer.sign(place, _PROFILES))


def _place(signer: Signer, cursor: str) -> tuple[int, str]:
    """Return where the page before ended. Raises NotFound for a cursor that is not ours."""
    try:
        seen, person = msgspec.json.decode(signer.verify(cursor, _PROFILES), type=tuple[str, str])
    except msgspec.DecodeError as error:
        raise NotFound from error
    return parse_rfc3339(seen), person
