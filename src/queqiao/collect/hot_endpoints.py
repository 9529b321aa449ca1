"""The intake's routes, for the plain ASGI application on the public port."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from queqiao.collect.bad_rows import BadRowsLog
from queqiao.collect.contracts import BATCH_BYTES_MAX, SINGLE_BYTES_MAX, Protocol
from queqiao.collect.limits import SourceLimits
from queqiao.collect.messages import BatchBody, CallBody, Taken
from queqiao.collect.protocols.ga4_endpoints import ga4_routes
from queqiao.collect.protocols.intake import ProtocolIntake
from queqiao.collect.protocols.posthog_endpoints import posthog_routes
from queqiao.collect.protocols.snowplow_endpoints import snowplow_routes
from queqiao.collect.schemas import SchemaHolder
from queqiao.collect.segment import SegmentIntake, SourceOf
from queqiao.collect.settings import ProjectSettings, project_settings
from queqiao.collect.taking import Taking
from queqiao.collect.validation import Validator
from queqiao.kernel import cors
from queqiao.kernel.envelope import CallType
from queqiao.kernel.errors import Message, NotFound, QueqiaoError
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.kernel.ids import IdSource
from queqiao.ports.event_log.base import EventLog

_TAKEN = Response(200, b'{"success":true}', headers=cors.ANY_SITE)
_TAGS = ("intake",)

CALL_PATHS: dict[str, CallType] = {
    "/v1/identify": "identify",
    "/v1/i": "identify",
    "/v1/track": "track",
    "/v1/t": "track",
    "/v1/page": "page",
    "/v1/p": "page",
    "/v1/screen": "screen",
    "/v1/s": "screen",
    "/v1/group": "group",
    "/v1/g": "group",
    "/v1/alias": "alias",
    "/v1/a": "alias",
}
BATCH_PATHS = ("/v1/batch", "/v1/b", "/v1/import")


@dataclass(frozen=True)
class IntakeServices:
    """What the routes need. ``source_of`` returns the source of a write key, or None.

    Without ``limits`` a source may send as fast as it can.
    """

    log: EventLog
    bad_rows: BadRowsLog
    ids: IdSource
    source_of: SourceOf
    schemas: SchemaHolder | None = None
    limits: SourceLimits | None = None

    def taking(self, validator: Validator) -> Taking:
        """Return the door that all routes lead to."""
        return Taking(self.log, self.bad_rows, validator, self.limits)


def routes(services: IntakeServices) -> list[Route]:
    """Return the routes. They read their own credentials: SDKs send them in three ways."""
    validator = Validator(services.ids, services.schemas)
    intake = SegmentIntake(services.taking(validator), services.source_of)
    found = [
        _settings_route(services.source_of),
        *(_call_route(path, call, intake) for path, call in CALL_PATHS.items()),
        *(_batch_route(path, intake) for path in BATCH_PATHS),
    ]
    found += [_preflight_route(route.path) for route in found]
    return found + _foreign_routes(services, validator)


def _foreign_routes(services: IntakeServices, validator: Validator) -> list[Route]:
    """Return the routes of the protocols that are not Segment's."""
    taking = services.taking(validator)

    def intake(protocol: Protocol) -> ProtocolIntake:
        return ProtocolIntake(protocol, taking, services.source_of)

    return [
        *posthog_routes(intake("posthog"), services.ids),
        *snowplow_routes(intake("snowplow")),
        *ga4_routes(intake("ga4"), validator),
    ]


def _call_route(path: str, call: CallType, intake: SegmentIntake) -> Route:
    async def take(request: Request) -> Response:
        try:
            await intake.take_one(request, call)
        except QueqiaoError as error:
            return cors.refusal(error, request)
        return _TAKEN

    summary = Message(f"接收一个 {call} 事件", f"Take one {call} call")
    return _post(path, take, summary, CallBody, SINGLE_BYTES_MAX)


def _batch_route(path: str, intake: SegmentIntake) -> Route:
    async def take(request: Request) -> Response:
        try:
            await intake.take_batch(request)
        except QueqiaoError as error:
            return cors.refusal(error, request)
        return _TAKEN

    summary = Message("接收一批事件", "Take a batch of calls")
    return _post(path, take, summary, BatchBody, BATCH_BYTES_MAX)


def _post(
    path: str,
    handler: Callable[[Request], Awaitable[Response]],
    summary: Message,
    request_type: type,
    body_max: int,
) -> Route:
    return Route(
        "POST",
        path,
        handler,
        summary,
        request_type=request_type,
        response_type=Taken,
        tags=_TAGS,
        body_max=body_max,
        authenticates_itself=True,
    )


def _settings_route(source_of: SourceOf) -> Route:
    async def settings(request: Request) -> Response:
        key = request.params["write_key"]
        if source_of(key) is None:
            return cors.refusal(NotFound(), request)
        answer = json_response(project_settings(key))
        answer.headers = cors.ANY_SITE
        return answer

    return Route(
        "GET",
        "/v1/projects/{write_key}/settings",
        settings,
        Message("SDK 的项目设置", "Settings that SDKs read at start"),
        response_type=ProjectSettings,
        tags=_TAGS,
        authenticates_itself=True,
    )


def _preflight_route(path: str) -> Route:
    async def preflight(request: Request) -> Response:
        return cors.preflight(request)

    summary = Message("跨域预检", "Answer a browser's preflight")
    return Route("OPTIONS", path, preflight, summary, tags=_TAGS, status=204)
