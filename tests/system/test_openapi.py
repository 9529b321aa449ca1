"""The published OpenAPI document is valid and true: it equals what the running system answers."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from bench.harness import System, running_system
from jsonschema import Draft202012Validator
from litestar import Litestar
from litestar.routes import HTTPRoute
from tests.system import things
from tests.system.things import Things, admin

from queqiao.kernel.clock import SystemClock
from queqiao.operate import mount
from queqiao.operate.authentication import Authenticator
from queqiao.wiring import adapters, asgi
from queqiao.wiring.hot_routes import documented_routes
from queqiao.wiring.parameters import FOREIGN, PARAMETERS
from queqiao.wiring.processes.console import application
from queqiao.wiring.settings import Settings

pytestmark = pytest.mark.system

PART = re.compile(r"{(\w+)}")
OBJECT = {"type": "object"}
DOCUMENT_SHAPE = {
    "type": "object",
    "required": ["openapi", "info", "paths", "components"],
    "properties": {
        "openapi": {"const": "3.1.0"},
        "info": {**OBJECT, "required": ["title", "version"]},
        "paths": {
            **OBJECT,
            "propertyNames": {"pattern": "^/"},
            "additionalProperties": {
                **OBJECT,
                "propertyNames": {
                    "enum": ["get", "put", "post", "delete", "options", "head", "patch"]
                },
                "additionalProperties": {"$ref": "#/$defs/operation"},
            },
        },
    },
    "$defs": {
        "operation": {
            **OBJECT,
            "required": ["operationId", "summary", "responses"],
            "properties": {
                "parameters": {"type": "array", "items": {"$ref": "#/$defs/parameter"}},
                "requestBody": {**OBJECT, "required": ["content"]},
                "responses": {
                    **OBJECT,
                    "minProperties": 1,
                    "propertyNames": {"pattern": "^[1-5][0-9]{2}$"},
                    "additionalProperties": {
                        "anyOf": [{"required": ["description"]}, {"required": ["$ref"]}]
                    },
                },
                "security": {"type": "array", "items": OBJECT},
            },
        },
        "parameter": {
            **OBJECT,
            "required": ["name", "in", "schema"],
            "properties": {"in": {"enum": ["path", "query", "header", "cookie"]}},
            "if": {"properties": {"in": {"const": "path"}}},
            "then": {"properties": {"required": {"const": True}}, "required": ["required"]},
        },
    },
}
"""The rules of OpenAPI 3.1 that this document can break; its schemas are checked as what they
are, JSON Schema 2020-12, by that meta-schema."""


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    """A system of this module's own: every operation is called, also those that take away."""
    with running_system() as running:
        yield running


@pytest.fixture(scope="module")
def document(system: System) -> dict[str, Any]:
    return httpx.get(f"{system.base_url}/openapi.json", timeout=30).json()


@pytest.fixture(scope="module")
def made(system: System) -> Things:
    return things.make_things(system, "openapi")


@pytest.fixture
def console(system: System) -> Iterator[Litestar]:
    """The console's application in this process, over the roles of the running system."""
    settings = Settings(home=system.home)
    records = adapters.records(settings)
    yield application(settings, records, Authenticator(records, SystemClock()))
    records.close()


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for item in value.values():
            yield from nodes(item)
    elif isinstance(value, list):
        for item in value:
            yield from nodes(item)


def filled(path: str, made: Things) -> str:
    """Return the path with its parameters replaced by what is there."""
    parts = path.split("/")
    for place, part in enumerate(parts):
        inside = "/".join((*parts[place - 3 : place - 2], parts[place - 1]))  # a list in a thing
        known = ("/".join(parts[place - 2 : place]), parts[place - 1], inside)
        found = next((made.ids[name] for name in known if name in made.ids), "1")
        parts[place] = PART.sub(lambda _, found=found: found, part)
    return "/".join(parts)


def test_it_is_valid_openapi(document: dict[str, Any]) -> None:
    faults = [f"{e.json_path}: {e.message}" for e in
              Draft202012Validator(DOCUMENT_SHAPE).iter_errors(document)]  # fmt: skip
    assert faults == []
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    for node in nodes(document["paths"]):
        if isinstance(node.get("schema"), dict):
            Draft202012Validator.check_schema(node["schema"])


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    for node in nodes(document):
        target: Any = document
        if isinstance(node.get("$ref"), str):
            for part in node["$ref"].removeprefix("#/").split("/"):
                assert part in target, node["$ref"]
                target = target[part]


def test_our_own_questions_have_no_field_that_is_not_told(document: dict[str, Any]) -> None:
    """A wrong field name is an error, not a silence. What others' clients send is theirs."""
    asked = 0
    for method, path, operation in operations(document):
        is_foreign = "intake" in operation["tags"] and not path.startswith("/api/")
        if is_foreign or path.startswith("/openrtb2/"):
            continue
        for shape in shapes(document, operation.get("requestBody", {})):
            asked += 1
            assert shape.get("additionalProperties") is False, (method, path, shape.get("title"))
    assert asked > 50


def shapes(document: dict[str, Any], body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every shape with named fields that a body is made of."""
    seen: set[str] = set()
    waiting = [body]
    while waiting:
        for node in nodes(waiting.pop()):
            if "properties" in node:
                yield node
            name = str(node.get("$ref", "")).rpartition("/")[2]
            if name and name not in seen:
                seen.add(name)
                waiting.append(document["components"]["schemas"][name])


def test_names_are_unique_and_path_parameters_are_all_told(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names))
    schemes = document["components"]["securitySchemes"]
    for method, path, operation in operations(document):
        told = [p["name"] for p in operation.get("parameters", []) if p["in"] == "path"]
        assert told == PART.findall(path), (method, path)
        assert all(name in schemes for need in operation["security"] for name in need)


def test_every_path_and_method_of_it_answers(
    system: System, document: dict[str, Any], made: Things
) -> None:
    """With something there under every id, 404 and 405 can only mean that there is no route."""
    last = {"archive": 1, "DELETE": 2}
    ordered = sorted(
        operations(document), key=lambda o: max(last.get(o[0], 0), last.get(o[1].split("/")[-1], 0))
    )
    missing = []
    with admin(system) as client:
        for method, path, operation in ordered:
            answer = client.request(method, filled(path, made))
            wrong = answer.status_code in {404, 405} or answer.status_code >= 500
            untold = answer.is_success and str(answer.status_code) not in operation["responses"]
            if wrong or untold:
                missing.append((method, path, answer.status_code, answer.text))
    assert missing == []


def test_every_mounted_route_is_in_it(
    system: System, document: dict[str, Any], console: Litestar
) -> None:
    told = {(method, path) for method, path, _ in operations(document)}
    mounted = {
        (method, re.sub(r"{(\w+):str}", r"{\1}", route.path_format))
        for route in console.routes
        if isinstance(route, HTTPRoute)
        for method in route.methods
        if "path:path" not in route.path and route.path != "/"
    }
    mounted = {(m, re.sub(r"{(\w+):\w+}", r"{\1}", path)) for m, path in mounted}
    settings = Settings(home=system.home)
    records = adapters.records(settings)
    hot = {(route.method, route.path) for route in documented_routes(settings, records)}
    records.close()
    by_itself = {"OPTIONS", "HEAD"}  # the framework answers these beside a GET
    ours = {pair for pair in mounted if pair[0] not in by_itself or pair in told}
    assert ours | hot == told


def test_parameters_are_told_of_routes_that_are_there(document: dict[str, Any]) -> None:
    told = {f"{method} {path}" for method, path, _ in operations(document)}
    assert set(PARAMETERS) <= told


class _Watched(dict[str, str]):
    """A query that remembers what was asked of it."""

    read: set[str]

    def __contains__(self, name: object) -> bool:
        self.read.add(str(name))
        return super().__contains__(name)

    def __getitem__(self, name: str) -> str:
        self.read.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.read.add(name)
        return super().get(name, default)


def _watch(monkeypatch: pytest.MonkeyPatch, module: Any) -> set[str]:
    read: set[str] = set()
    plain = module._query

    def watched(query_string: bytes) -> dict[str, str]:
        found = _Watched(plain(query_string))
        found.read = read
        return found

    monkeypatch.setattr(module, "_query", watched)
    return read


async def test_every_query_parameter_is_read_and_none_is_secret(
    system: System,
    document: dict[str, Any],
    made: Things,
    console: Litestar,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each operation is called with one parameter at a time; what it reads is what is told."""
    read = _watch(monkeypatch, mount)
    headers = {"authorization": f"Bearer {system.admin_key}", "if-match": "*"}
    hot = {(route.method, route.path) for route in _hot(system)}
    transport = httpx.ASGITransport(console)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://console", headers=headers, timeout=30
    ) as client:
        for method, path, operation in operations(document):
            told = {p["name"] for p in operation.get("parameters", []) if p["in"] == "query"}
            if (method, path) in hot or method == "DELETE":
                continue
            read.clear()
            for name in sorted(told) or [""]:
                await client.request(
                    method,
                    filled(path, made),
                    params={name: QUERY_VALUES.get(name, "true")} if name else {},
                    **_body(method, path),
                )
                assert not name or name in read, (method, path, name)
            assert read <= told, (method, path)


QUERY_VALUES = {
    "currency": "CNY",
    "limit": "1",
    "after": "0",
    "from": "0",
    "format": "csv",
    "status": "pending",
}


def _body(method: str, path: str) -> dict[str, Any]:
    """Return a body that is good enough to get as far as the query."""
    if path == "/api/v1/catalog/import":
        sheet = b"product_id,name,sku,price,currency\nP1,tea,S1,1,CNY\n"
        return {"content": sheet, "headers": {"content-type": "text/csv"}}
    return {"json": _json_body(method, path)}


BODIES = {
    "/api/v1/products/bulk": {"products": [things.PRODUCT]},
    "/adjustments/approval": {"customer_id": "u", "points": 1, "reason": "r", "request_id": "a"},
    "/schedule": {"action": "archive", "at": "2099-01-01T00:00:00Z"},
    "/rollback": {"revision": 1},
}
"""Bodies by what a path ends with."""


def _json_body(method: str, path: str) -> Any:
    if told := [body for ending, body in BODIES.items() if path.endswith(ending)]:
        return told[0]
    if path == "/api/v1/coupons":
        parts = {"batch": "coupon-batches", "promotion": "promotions"}
        made = {part: things.documents("another")[kind] for part, kind in parts.items()}
        return {"id": "another", **made}
    kind = path.split("/")[3] if path.count("/") > 2 else ""
    if kind not in things.DOCUMENTS or path.endswith(
        ("/publish", "/pause", "/archive", "/approval")
    ):
        return {}
    document = things.documents("another")[kind]
    if path.endswith("/bulk"):
        return {"items": [{"id": "another", "document": document}]}
    return {"document": document} if method == "PUT" else {"id": "another", "document": document}


def _hot(system: System) -> list[Any]:
    settings = Settings(home=system.home)
    records = adapters.records(settings)
    found = documented_routes(settings, records)
    records.close()
    return found


def test_the_query_of_a_hot_route_is_read(
    system: System, made: Things, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``campaign`` of ``why`` filters the candidates, ``session`` of a state names one.

    ``lang`` of a page is its language. Those of foreign protocols are asked in
    ``tests/collect/test_protocols.py``.
    """
    told = [key for key in PARAMETERS if any(p.place == "query" for p in PARAMETERS[key])]
    hot = {f"{route.method} {route.path}" for route in _hot(system)}
    assert {key for key in told if key in hot and key not in FOREIGN} == {
        *(f"GET /api/v1/customers/{{id}}/{one}" for one in ("coupons", "points", "store-credit")),
        "GET /api/v1/decisions/{id}/why",
        "GET /api/v1/flash-sales/{id}/state",
        "GET /p/{slug}",
        "GET /p/preview/{token}",
        "POST /api/v1/promotions/refund",
    }
    with admin(system) as client:
        path = f"/api/v1/decisions/{made.ids['decisions']}/why"
        one = things.good(client.get(path, params={"campaign": made.prefix}))
        assert {c["campaign_id"] for c in one["candidates"]} == {made.prefix}
        assert client.get(path, params={"campaign": "nobody"}).json() != one
        for page in (f"/p/{made.prefix}", f"/p/preview/{made.ids['preview']}"):
            for lang, name in (("zh", "zh-CN"), ("en", "en")):
                assert f'<html lang="{name}"' in client.get(page, params={"lang": lang}).text
        refund = {"redemption_id": made.ids["redemptions"], "everything": True}
        path = "/api/v1/promotions/refund"
        assert client.post(path, json=refund, params={"dry_run": "so"}).status_code == 400
        dry = client.post(path, json=refund, params={"dry_run": "true"})
        assert dry.status_code in {200, 409}, dry.text
        sale = {"id": "queried", "document": things.documents("queried")["flash-sales"]}
        things.good(client.post("/api/v1/flash-sales", json=sale))
        things.good(client.post("/api/v1/flash-sales/queried/publish"))
        path = "/api/v1/flash-sales/queried/state"
        things.until(lambda: client.get(path).is_success, within_s=5)
        assert client.get(path, params={"session": "none"}).status_code == 400
        path = "/api/v1/customers/nobody/points"
        for wrong in ({"limit": "many"}, {"cursor": "torn"}):
            assert client.get(path, params=wrong).status_code == 400
    assert asgi._query(b"campaign=a&x=") == {"campaign": "a", "x": ""}


def test_a_write_without_a_dry_run_is_audited_whatever_the_query_says(
    system: System, made: Things
) -> None:
    path = f"/api/v1/webhook-deliveries/{made.ids['webhook-deliveries']}/retry"
    with admin(system) as client:
        things.good(client.post(path, params={"dry_run": "true"}))
        rows = things.good(client.get("/api/v1/audit", params={"limit": 5}))["items"]
    assert made.ids["webhook-deliveries"] in {row["target_id"] for row in rows}
