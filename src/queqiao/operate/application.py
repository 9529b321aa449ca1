"""The console's application: one table of operations, mounted, guarded, documented and bounded."""

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec
from litestar import Litestar
from litestar.exceptions import HTTPException
from litestar.types import Message as AsgiMessage
from litestar.types import Scope as AsgiScope

from queqiao.kernel import json
from queqiao.kernel.documents import DocumentKind
from queqiao.kernel.errors import Message, QueqiaoError
from queqiao.kernel.http import Request, Response, Route
from queqiao.operate import document_operations
from queqiao.operate.approvals import Execute
from queqiao.operate.audit import AuditDesk
from queqiao.operate.authentication import Authenticator
from queqiao.operate.contracts import Handling, Operation, Parameter, Services
from queqiao.operate.mount import Doorman, mount
from queqiao.operate.openapi import document
from queqiao.operate.people import PeopleDesk
from queqiao.operate.problems import Problems
from queqiao.operate.sign_in import SignInDesk
from queqiao.operate.static_files import ConsoleFiles

BODY_BYTES_MAX = 1_000_000
"""Bound of a request body where the route does not say otherwise."""

_SECURITY_HEADERS = (
    (
        b"content-security-policy",
        (
            b"default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
            b"img-src 'self' data: blob: https:; font-src 'self' data:; connect-src 'self'; "
            b"object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
        ),
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
"""antd writes its styles at run time, hence 'unsafe-inline' for styles and for nothing else."""


class ConsoleSettings(msgspec.Struct, frozen=True):
    """What wiring settles for the console.

    ``console_files`` is the built console (missing, only the API answers); ``accept_clock_header``
    lets admin keys set the time of a request (demo homes only); ``secure_cookie`` is for https.
    """

    console_files: Path | None = None
    accept_clock_header: bool = False
    secure_cookie: bool = False


def console_application(
    settings: ConsoleSettings,
    services: Services,
    authenticator: Authenticator,
    *,
    kinds: Sequence[DocumentKind],
    handlings: Mapping[str, Handling],
    handlers: Sequence[Route | Operation] = (),
    hot_routes: Sequence[Route] = (),
    parameters: Mapping[str, Sequence[Parameter]] = MappingProxyType({}),
    allowed: Mapping[str, Execute] = MappingProxyType({}),
) -> Litestar:
    """Return the ASGI application of the console role.

    ``handlers`` are the management routes of other stages; ``hot_routes`` are answered by other
    roles and only documented here. ``parameters`` says what either takes in the query, by
    ``"GET /api/v1/products"``, for the OpenAPI document. ``allowed`` does what approvals allow, by
    ``{target_kind}.{action}``; publishing documents need not be named.
    """
    desks = (
        SignInDesk(services, authenticator, secure_cookie=settings.secure_cookie),
        PeopleDesk(services, authenticator),
        AuditDesk(services),
    )
    operations = [operation for desk in desks for operation in desk.operations()]
    operations += document_operations.operations(services, kinds, handlings, allowed)
    operations += [as_operation(found, parameters) for found in handlers]
    hot = [as_operation(found, parameters) for found in hot_routes]
    operations.append(_published(operations, hot))
    files = ConsoleFiles(settings.console_files).handlers() if settings.console_files else []
    problems: Any = Problems(services.random)
    return Litestar(
        route_handlers=[*(mount(found, services) for found in operations), *files],
        guards=[Doorman(services, authenticator, accept_clock_header=settings.accept_clock_header)],
        exception_handlers={
            QueqiaoError: problems,
            HTTPException: problems,
            Exception: problems,
        },
        before_send=[_secure],
        openapi_config=None,
        logging_config=None,
        request_max_body_size=BODY_BYTES_MAX,
    )


def as_operation(
    found: Route | Operation, parameters: Mapping[str, Sequence[Parameter]]
) -> Operation:
    """Return a route of another stage as an operation whose writes we audit."""
    if isinstance(found, Operation):
        return found
    told = tuple(parameters.get(f"{found.method} {found.path}", ()))
    return Operation(found, told, status=found.status)


def _published(operations: Sequence[Operation], hot: Sequence[Operation]) -> Operation:
    """Return the operation that publishes the OpenAPI document, itself among the rest."""
    body = b""

    async def show(_request: Request) -> Response:
        return Response(200, body)

    words = Message("这份 OpenAPI 文档", "This OpenAPI document")
    itself = Operation(Route("GET", "/openapi.json", show, words, "public", tags=("schemas",)))
    body = json.encode(document([*operations, itself], hot, version("queqiao")))
    return itself


async def _secure(message: AsgiMessage, _scope: AsgiScope) -> None:
    """Add the headers that keep browsers careful; answers of the API are never cached."""
    if message["type"] != "http.response.start":
        return
    headers = list(message["headers"])
    headers += _SECURITY_HEADERS
    if not any(name == b"cache-control" for name, _ in headers):
        headers.append((b"cache-control", b"no-store"))
    message["headers"] = headers
