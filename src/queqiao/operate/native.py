"""Handlers that a stage writes for the framework itself: questions only, documented like the rest.

Their writes would leave no audit row, so a handler that writes is a Route.
"""

import re
from typing import Any

from litestar import Request as LitestarRequest
from litestar.handlers import HTTPRouteHandler
from litestar.typing import FieldDefinition

from queqiao.kernel import json
from queqiao.kernel.errors import Message
from queqiao.kernel.http import Route
from queqiao.operate.contracts import Operation, Parameter

_TYPED_PART = re.compile(r"{(\w+):\w+}")
_GIVEN = frozenset({"request", "state", "headers", "cookies", "query", "scope", "socket", "body"})
"""Arguments that the framework fills by itself; ``query`` only when it is not plain text."""


class CheckedRequest(LitestarRequest[Any, Any, Any]):
    """A request whose JSON is bounded in depth and storable before it is parsed."""

    async def json(self) -> Any:
        """Return the body as JSON. Raises InvalidInput."""
        json.check(await self.body())
        return await super().json()


def described(handler: HTTPRouteHandler) -> Operation:
    """Return the handler as the OpenAPI document tells of it. Raises ValueError when it writes."""
    (path,), (method,) = handler.paths, handler.http_methods
    scope = handler.opt.get("scope", "read" if method == "GET" else "write")
    if scope not in {"read", "public"}:
        raise ValueError(f"{method} {path} writes: make it a Route, so that it is audited")
    path = "/" + _TYPED_PART.sub(r"{\1}", path).strip("/")
    signature = handler.parsed_fn_signature
    fields = signature.parameters
    body = handler.opt.get("request_type") or (fields["data"].raw if "data" in fields else None)
    summary = handler.summary or (handler.fn.__doc__ or path).strip().partition("\n")[0]
    words = handler.opt.get("summary", Message(summary, summary))
    answer: Any = signature.return_type.raw
    route: Any = (method, path, handler.fn, words, scope, body, answer, tuple(handler.tags or ()))
    return Operation(Route(*route), _parameters(fields, path), audits=True)


def _parameters(fields: dict[str, FieldDefinition], path: str) -> tuple[Parameter, ...]:
    named = [
        (name, field)
        for name, field in fields.items()
        if f"{{{name}}}" not in path and name != "data" and not _is_given(name, field)
    ]
    return tuple(
        Parameter(name, Message(name, name), field.annotation, required=field.is_required)
        for name, field in named
    )


def _is_given(name: str, field: FieldDefinition) -> bool:
    return name in _GIVEN and field.annotation is not str
