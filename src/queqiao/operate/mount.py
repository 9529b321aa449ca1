"""From a call of the framework to a handler of ours and back: admitted, bounded, audited."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

from litestar import HttpMethod, route
from litestar import Request as LitestarRequest
from litestar import Response as LitestarResponse
from litestar.connection import ASGIConnection
from litestar.exceptions import InternalServerException
from litestar.handlers import HTTPRouteHandler
from litestar.handlers.base import BaseRouteHandler
from litestar.response import Stream

from queqiao.kernel.clock import parse_rfc3339
from queqiao.kernel.errors import FieldError, Forbidden, InvalidInput, Message, Unauthenticated
from queqiao.kernel.http import Principal, Request, Response, Scope, language_of
from queqiao.kernel.paging import dry_run_of
from queqiao.kernel.text import refuse_unstorable
from queqiao.operate.authentication import SAFE_METHODS, Authenticator
from queqiao.operate.calls import DRY_RUN, TRACE_HEADER, actor_of
from queqiao.operate.contracts import Operation, Services
from queqiao.ports.records import audit

Connection = ASGIConnection[Any, Any, Any, Any]
CLIENT_HEADER = "x-forwarded-for"
"""Set by the public port, which strips what a client sent under that name."""
QUERY_FIELDS_MAX = 64
ADDRESS_LENGTH_MAX = 64


class Doorman:
    """The application's guard: says who calls, when, in which language, and whether they may."""

    def __init__(
        self, services: Services, authenticator: Authenticator, *, accept_clock_header: bool
    ) -> None:
        self._services = services
        self._authenticator = authenticator
        self._accept_clock_header = accept_clock_header

    async def __call__(self, connection: Connection, handler: BaseRouteHandler) -> None:
        """Fill ``connection.state`` (``principal, now_us, language, trace_id, client``).

        Raises Unauthenticated and Forbidden. A handler's scope is ``opt["scope"]``; without one,
        reading methods need ``read`` and all others ``write``.
        """
        _refuse_nul(connection)
        headers, method = connection.headers, str(connection.scope.get("method", "GET"))
        principal = self._authenticator.principal(headers, method=method)
        connection.state.update(
            principal=principal,
            trace_id=self._services.random(8).hex(),
            language=language_of(headers.get("accept-language")),
            client=_address(connection)[:ADDRESS_LENGTH_MAX],
        )
        fallback: Scope = "read" if method in SAFE_METHODS else "write"
        admit(principal, handler.opt.get("scope", fallback), headers)
        connection.state["now_us"] = self._now_us(principal, headers)

    def _now_us(self, principal: Principal | None, headers: Mapping[str, str]) -> int:
        said = headers.get("queqiao-now") if self._accept_clock_header else None
        if said is None or principal is None or "admin" not in principal.scopes:
            return self._services.clock.now_us()
        return parse_rfc3339(said, "Queqiao-Now")


def _address(connection: Connection) -> str:
    said = connection.headers.get(CLIENT_HEADER)
    return said or (connection.client.host if connection.client else "")


def _refuse_nul(connection: Connection) -> None:
    """Raise InvalidInput: no database takes NUL in a text."""
    refuse_unstorable(connection.scope["path"], "path")
    refuse_unstorable(unquote_to_bytes(connection.scope["query_string"]).decode("latin-1"), "query")


def admit(principal: Principal | None, scope: Scope, headers: Mapping[str, str]) -> None:
    """Raise Unauthenticated or Forbidden unless the principal may use a route of that scope."""
    if scope == "public":
        return
    if principal is None:
        raise Unauthenticated
    if principal.may(scope):
        return
    if principal.role is not None and "x-csrf-token" not in headers:
        raise Forbidden(
            Message("缺少 X-CSRF-Token 请求头", "the header X-CSRF-Token is missing"), reason="csrf"
        )
    raise Forbidden(Message(f"需要 {scope} 权限", f"needs the scope {scope}"))


def mount(operation: Operation, services: Services) -> HTTPRouteHandler:
    """Return the framework's handler of one operation."""
    ours = operation.route

    async def handle(request: LitestarRequest[Any, Any, Any]) -> LitestarResponse[Any]:
        call = await to_request(request)
        answer = await ours.handler(call)
        if _is_unaudited_write(operation, call, answer):
            await _audit(operation, services, call)
        return from_response(answer)

    return route(
        ours.path.replace("}", ":str}"),
        http_method=HttpMethod(ours.method),
        opt={"scope": ours.scope},
        request_max_body_size=ours.body_max,
        status_code=200,
    )(handle)


async def to_request(request: LitestarRequest[Any, Any, Any]) -> Request:
    """Return our request. Raises InvalidInput and TooLarge."""
    state = request.state
    query = _query(request.scope["query_string"])
    params = {name: str(value) for name, value in request.path_params.items()}
    headers = {name.lower(): value for name, value in request.headers.items()}
    headers[TRACE_HEADER] = state["trace_id"]
    return Request(
        request.method,
        request.scope["path"],
        params,
        query,
        headers,
        await _body(request),
        state["client"],
        state["now_us"],
        state["principal"],
        state["language"],
    )


async def _body(request: LitestarRequest[Any, Any, Any]) -> bytes:
    """Return the body. Raises InvalidInput and TooLarge.

    The framework calls it a fault of its own when a client leaves while it sends. Nobody reads
    the answer then, but the log and the alarms read what is called a fault.
    """
    try:
        return await request.body()
    except InternalServerException as left:
        message = Message("请求体没有发完", "the body ended before it was whole")
        raise InvalidInput(FieldError("body", message)) from left


def from_response(answer: Response) -> LitestarResponse[Any]:
    """Return the framework's answer; a stream stays one."""
    if answer.stream is not None:
        return Stream(
            answer.stream,
            media_type=answer.content_type,
            status_code=answer.status,
            headers=dict(answer.headers),
        )
    found: LitestarResponse[bytes] = LitestarResponse(
        answer.body, media_type=answer.content_type, status_code=answer.status
    )
    for name, value in answer.headers:
        found.headers[name] = value
    return found


def _query(query_string: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            query_string.decode("latin-1"), keep_blank_values=True, max_num_fields=QUERY_FIELDS_MAX
        )
    except ValueError as error:
        message = Message("查询参数最多 64 个", "at most 64 query parameters")
        raise InvalidInput(FieldError("query", message)) from error
    return dict(pairs)


def _is_unaudited_write(operation: Operation, call: Request, answer: Response) -> bool:
    writes = call.method not in SAFE_METHODS and operation.route.scope in {"write", "admin"}
    if not writes or operation.audits or answer.status >= 400:
        return False
    # Only where dry_run is an offer does it keep a call from being a write.
    return DRY_RUN not in operation.parameters or not dry_run_of(call)


async def _audit(operation: Operation, services: Services, call: Request) -> None:
    """Add the plain audit row of a write whose handler leaves that to us."""
    target = call.params.get("id", next(iter(call.params.values()), ""))[:200]
    kind = operation.route.path.removeprefix("/api/v1/").partition("/")[0][:64]
    action = f"{call.method} {operation.route.path}"[:100]
    entry = audit.Entry(action, kind, target, operation.route.summary.en)
    actor = actor_of(call)
    await services.records.write(lambda conn: audit.note(conn, actor, entry, call.now_us))
