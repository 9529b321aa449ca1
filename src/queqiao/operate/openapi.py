"""The OpenAPI 3.1 document, made from the same table that is mounted, so that it is true."""

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from queqiao.kernel.http import Route
from queqiao.kernel.problem import Problem
from queqiao.operate.contracts import Operation, Parameter

_REF = "#/components/schemas/{name}"
_PART = re.compile(r"{(\w+)}")
_PROBLEM_CODES = {
    "400": "InvalidInput",
    "401": "Unauthenticated",
    "403": "Forbidden",
    "404": "NotFound",
    "405": "MethodNotAllowed",
    "409": "Conflict",
    "412": "PreconditionFailed",
    "413": "TooLarge",
    "415": "UnsupportedMedia",
    "422": "Refused",
    "428": "PreconditionRequired",
    "429": "TooManyRequests",
    "503": "Unavailable",
}
"""Every problem that a caller may meet, by status."""

_SECURITY = {
    "key": {"type": "http", "scheme": "bearer", "description": "A key: qq_…"},
    "write_key": {
        "type": "http",
        "scheme": "basic",
        "description": "An intake key as user name, without a password",
    },
    "session": {"type": "apiKey", "in": "cookie", "name": "queqiao_session"},
    "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRF-Token"},
}


def document(
    operations: Sequence[Operation], hot: Sequence[Operation], version: str
) -> dict[str, Any]:
    """Return the document of the console's operations and those that other roles answer.

    Where both answer a path, the other role's is meant: the public port asks it first.
    """
    everything = list({_name(found.route): found for found in [*operations, *hot]}.values())
    shapes, components = _shapes(everything)
    paths: dict[str, dict[str, Any]] = {}
    for operation in sorted(everything, key=lambda found: found.route.path):
        route = operation.route
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(operation, shapes)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Queqiao",
            "version": version,
            "description": "The back end of e-commerce promotion.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": _problems(shapes),
            "securitySchemes": _SECURITY,
        },
    }


class _Shapes:
    """Finds the schema of a type that was gathered before."""

    def __init__(self, types: Sequence[Any], schemas: Sequence[dict[str, Any]]) -> None:
        self._pairs = list(zip(types, schemas, strict=True))

    def of(self, kind: Any) -> dict[str, Any]:
        return next(schema for known, schema in self._pairs if known is kind or known == kind)


def _name(route: Route) -> tuple[str, str]:
    return route.method, route.path


def _shapes(operations: Sequence[Operation]) -> tuple[_Shapes, dict[str, Any]]:
    types: list[Any] = [Problem]
    for operation in operations:
        route = operation.route
        wanted = [route.request_type, route.response_type, str]
        wanted += [parameter.type for parameter in operation.parameters]
        types += [kind for kind in wanted if kind is not None and kind not in types]
    schemas, components = msgspec.json.schema_components(types, ref_template=_REF)
    return _Shapes(types, schemas), components


def _operation(operation: Operation, shapes: _Shapes) -> dict[str, Any]:
    route = operation.route
    found: dict[str, Any] = {
        "operationId": _operation_id(route),
        "summary": route.summary.en,
        "description": route.summary.zh,
        "tags": list(route.tags),
        "x-scope": route.scope,
        "responses": _responses(operation, shapes),
    }
    names = _PART.findall(route.path)
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in names
    ]
    parameters += [
        _parameter(parameter, shapes)
        for parameter in operation.parameters
        if parameter.place != "body"
    ]
    if parameters:
        found["parameters"] = parameters
    content = _content(operation, shapes)
    if content:
        found["requestBody"] = {"required": True, "content": content}
    found["security"] = _security(route)
    return found


def _content(operation: Operation, shapes: _Shapes) -> dict[str, Any]:
    """Return what the body may be, by media type."""
    told = {
        parameter.name: {"schema": {"type": "string", "contentMediaType": parameter.name}}
        for parameter in operation.parameters
        if parameter.place == "body"
    }
    if operation.route.request_type is None:
        return told
    return {"application/json": {"schema": shapes.of(operation.route.request_type)}, **told}


def _statuses(operation: Operation) -> list[str]:
    """Return the statuses of the problems that the operation answers."""
    told = {parameter.name: parameter for parameter in operation.parameters}
    route, match = operation.route, told.get("If-Match")
    # Intake protocols unpack bodies; files are told apart by their media type.
    reads_bytes = route.method == "POST" and (
        route.authenticates_itself or any(one.place == "body" for one in operation.parameters)
    )
    never = {
        "412": match is None,
        "428": match is None or not match.required,
        "415": not reads_bytes,
    }
    return [code for code in _PROBLEM_CODES if not never.get(code)]


def _operation_id(route: Route) -> str:
    words = re.sub(r"[^A-Za-z0-9]+", "_", route.path.removeprefix("/api/v1/")).strip("_")
    if route.path == "/metrics":
        words = "prometheus_metrics"  # GET /api/v1/metrics has the plain name
    slash = "_slash" if route.path.endswith("/") else ""
    return f"{route.method.lower()}_{words}{slash}"


def _parameter(parameter: Parameter, shapes: _Shapes) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.required,
        "description": parameter.summary.en,
        "schema": shapes.of(parameter.type),
    }


def _security(route: Route) -> list[dict[str, list[str]]]:
    if route.authenticates_itself or route.scope == "intake":
        return [{"write_key": []}, {"key": []}]
    if route.scope == "public":
        return []
    if route.method == "GET":
        return [{"key": []}, {"session": []}]
    return [{"key": []}, {"session": [], "csrf": []}]


def _responses(operation: Operation, shapes: _Shapes) -> dict[str, Any]:
    good: dict[str, Any] = {"description": "Done"}
    kind = operation.route.response_type
    if kind is not None:
        good["content"] = {"application/json": {"schema": shapes.of(kind)}}
    refused = {
        code: {"$ref": f"#/components/responses/{_PROBLEM_CODES[code]}"}
        for code in _statuses(operation)
    }
    return {str(operation.status): good, **refused}


def _problems(shapes: _Shapes) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": shapes.of(Problem)}}
    return {
        name: {"description": f"Problem document, status {code}", "content": content}
        for code, name in _PROBLEM_CODES.items()
    }
