"""The management API of profiles and segments."""

from typing import Any

import msgspec

from queqiao.kernel.clock import parse_rfc3339
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.kernel.paging import cursor_after, cursor_of, limit_of
from queqiao.kernel.text import clean
from queqiao.kernel.tokens import Signer
from queqiao.ports.records.base import Records
from queqiao.ports.records.documents import Documents
from queqiao.ports.warehouse.base import Warehouse
from queqiao.process.contracts import PERSONALIZATION
from queqiao.profile import people, segments
from queqiao.profile.contracts import SEGMENT
from queqiao.profile.expression import TEXT_MAX, Node, parse
from queqiao.profile.live_reader import LiveReader
from queqiao.profile.person_query import FOR_ADS

BODY_MAX = 200_000
LIMIT_DEFAULT = 50
LIMIT_MAX = 1000
_SEGMENTS = ("segments",)
_PEOPLE = ("profiles",)
_MEMBERS = "profile.members"
_PROFILES = "profile.profiles"
_PURPOSES = {"personalization": PERSONALIZATION, "advertising": FOR_ADS}
_PURPOSE = Message("须为 personalization 或 advertising", "must be personalization or advertising")


class ProfileServices(msgspec.Struct, frozen=True):
    """What the endpoints need. ``signer`` signs the cursors of lists."""

    warehouse: Warehouse
    records: Records
    signer: Signer
    live: LiveReader


class PreviewRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
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


def handlers(services: ProfileServices) -> list[Route]:
    """Return the management routes of this stage."""
    return [*_segment_routes(services), *_profile_routes(services)]


def _segment_routes(services: ProfileServices) -> list[Route]:
    warehouse = services.warehouse

    async def preview(request: Request) -> Response:
        asked = request.decode(PreviewRequest, BODY_MAX)
        return json_response(await segments.preview(warehouse, asked.expression, request.now_us))

    async def members(request: Request) -> Response:
        return json_response(await _members(services, request, limit_of(request, LIMIT_MAX)))

    async def explain(request: Request) -> Response:
        purposes = _purposes(request)
        node = await _expression(services, request.params["id"])
        person = clean(_required(request, "user"), "user", TEXT_MAX)
        told = await segments.explain(warehouse, node, person, request.now_us, purposes)
        return json_response(told)

    return [
        Route(
            "POST",
            "/api/v1/segments/preview",
            preview,
            Message("试算人群人数", "Count an expression"),
            "read",
            PreviewRequest,
            segments.Preview,
            _SEGMENTS,
            BODY_MAX,
        ),
        Route(
            "GET",
            "/api/v1/segments/{id}/members",
            members,
            Message("人群成员", "List a segment's members"),
            "read",
            response_type=MemberList,
            tags=_SEGMENTS,
        ),
        Route(
            "GET",
            "/api/v1/segments/{id}/explain",
            explain,
            Message("某人为何在或不在人群里", "Say why a person is in a segment or not"),
            "read",
            response_type=segments.Explanation,
            tags=_SEGMENTS,
        ),
    ]


def _profile_routes(services: ProfileServices) -> list[Route]:
    async def people_list(request: Request) -> Response:
        return json_response(await _profiles(services, request, limit_of(request, LIMIT_MAX)))

    async def one(request: Request) -> Response:
        person = clean(request.params["id"], "id", TEXT_MAX)
        live = await Documents(services.records).live(SEGMENT)
        held = await segments.segments_of(services.warehouse, live, person, request.now_us)
        ids = [person, *await people.ids_of(services.warehouse, person)]
        told = await services.live.told(ids, request.now_us)
        found = await people.profile(services.warehouse, person, request.now_us, held, told)
        return json_response(found)

    return [
        Route(
            "GET",
            "/api/v1/profiles",
            people_list,
            Message("顾客列表", "List people"),
            "read",
            response_type=ProfileList,
            tags=_PEOPLE,
        ),
        Route(
            "GET",
            "/api/v1/profiles/{id}",
            one,
            Message("一位顾客的画像", "Return all that is known of a person"),
            "read",
            response_type=people.Profile,
            tags=_PEOPLE,
        ),
    ]


def _purposes(request: Request) -> int:
    """Return what the events have to allow that the asked membership is made of."""
    asked = request.query.get("purpose", "personalization")
    if asked not in _PURPOSES:
        raise InvalidInput(FieldError("purpose", _PURPOSE))
    return _PURPOSES[asked]


def _required(request: Request, name: str) -> str:
    value = request.query.get(name, "")
    if not value:
        raise InvalidInput(FieldError(name, Message("缺少该参数", "this parameter is needed")))
    return value


async def _expression(services: ProfileServices, segment_id: str) -> Node:
    stored = await Documents(services.records).get(SEGMENT, clean(segment_id, "id", TEXT_MAX))
    return parse(stored.document.expression)


async def _members(services: ProfileServices, request: Request, limit: int) -> MemberList:
    segment_id = request.params["id"]
    node = await _expression(services, segment_id)
    purpose = f"{_MEMBERS}:{segment_id}"
    after = cursor_of(request, services.signer, purpose, str) or ""
    purposes = _purposes(request)
    found = await segments.members(
        services.warehouse, node, request.now_us, limit + 1, after=after, purposes=purposes
    )
    page = found[:limit]
    following = cursor_after(services.signer, purpose, page[-1]) if len(found) > limit else None
    return MemberList([Member(person) for person in page], following)


async def _profiles(services: ProfileServices, request: Request, limit: int) -> ProfileList:
    query = request.query.get("query", "")
    place = cursor_of(request, services.signer, _PROFILES, tuple[str, str])
    after = (parse_rfc3339(place[0]), place[1]) if place else None
    found = await people.summaries(
        services.warehouse,
        request.now_us,
        limit + 1,
        query=clean(query, "query", TEXT_MAX),
        after=after,
    )
    page = found[:limit]
    if len(found) <= limit:
        return ProfileList(page, None)
    last = (page[-1].last_seen, page[-1].person_id)
    return ProfileList(page, cursor_after(services.signer, _PROFILES, last))
