"""The application as a whole: audit of every write, problems, bad input, static files."""

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from litestar import Litestar
from litestar.testing import TestClient
from tests.operate.conftest import NOW_US

from queqiao.operate.authentication import Authenticator
from queqiao.operate.trust import trust
from queqiao.ports.records.base import Records
from queqiao.profile.contracts import Trust

Client = TestClient[Litestar]
RULE = {"document": {"name": "a", "tiers": [{"at_least": 2, "discount": 1}]}}
PROBLEM = "application/problem+json"


def routes_of(client: Client) -> dict[str, dict[str, Any]]:
    return client.get("/openapi.json").json()["paths"]


def writes(client: Client) -> list[tuple[str, str]]:
    """Every route that is not a question: what must leave a trace."""
    return [
        (method.upper(), path)
        for path, methods in routes_of(client).items()
        for method, operation in methods.items()
        if method != "get" and path != "/api/v1/questions"
    ]


LIFECYCLE = re.compile(r"/(schedule|rollback|approval|approvals)(/|$)")
"""Writes that need something before them: ``test_lifecycle.py`` looks at their audit rows."""


def bodies(client: Client) -> dict[str, Any]:
    """A good body for each write, by the end of its path."""
    return {
        "/session": {"token": "wrong"},
        "/users": {"email": "a@example.com", "name": "a", "role": "viewer"},
        "/users/{id}": {"name": "b"},
        "/keys": {"name": "k", "scope": "read"},
        "/keys/{id}": {"trusted": True},
        "/rules": RULE,
        "/rules/{id}": {"document": {**RULE["document"], "name": "b"}},
        "/things/{id}": {"size": 1},
    }


@pytest.mark.parametrize("source", ["ads", "queqiao", "queqiao.recommend", "ADS"])
def test_no_key_stands_for_the_systems_own_events(owner: Client, source: str) -> None:
    body = {"name": "k", "scope": "intake", "source": source}
    answer = owner.post("/api/v1/keys", json=body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["path"] == "source"
    assert owner.post("/api/v1/keys", json={"name": "ads", "scope": "intake"}).status_code == 400
    assert owner.post("/api/v1/keys", json={"name": "ads", "scope": "read"}).status_code == 201


@pytest.mark.parametrize("name", ["ads", "queqiao", "Queqiao"])
@pytest.mark.parametrize("scope", ["admin", "intake"])
def test_no_key_that_may_send_events_has_the_systems_name(
    owner: Client, name: str, scope: str
) -> None:
    answer = owner.post("/api/v1/keys", json={"name": name, "scope": scope})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["path"] == "name"
    body = {"name": name, "scope": scope, "source": "shop"}
    assert owner.post("/api/v1/keys", json=body).status_code == 201


def test_every_write_leaves_one_audit_row(owner: Client) -> None:
    me = owner.get("/api/v1/session").json()["user"]["id"]
    key = owner.post("/api/v1/keys", json={"name": "i", "scope": "intake"}).json()["key"]["id"]
    owner.post("/api/v1/rules", json={**RULE, "id": "r"})
    ids = {"users": me, "keys": key, "rules": "r", "things": "t"}
    order = ["rules/{id}/archive", "session"]  # what ends a thing comes last
    routes = sorted(
        writes(owner), key=lambda route: (route[1].removeprefix("/api/v1/") in order, route)
    )
    routes = [route for route in routes if not LIFECYCLE.search(route[1])]
    moved = [route for route in routes if not route[1].endswith(("/pause", "/publish"))]
    publish = [("POST", f"/api/v1/rules/{{id}}/{verb}") for verb in ("publish", "pause")]
    last = max(row["id"] for row in owner.get("/api/v1/audit").json()["items"])
    assert len(routes) == len(moved) + 2
    for method, path in [*publish, *moved]:
        if (method, path) == ("DELETE", "/api/v1/session"):
            continue  # looked at below: it ends the session that asks
        target = path.replace("{id}", ids.get(path.split("/")[3], ""))
        body = bodies(owner).get(path.removeprefix("/api/v1"))
        owner.request(method, target, json=body, headers={"if-match": "*"})
        rows = owner.get("/api/v1/audit").json()["items"]
        newest = [row for row in rows if row["id"] > last]
        assert len(newest) == 1, (method, path, newest)
        assert newest[0]["trace_id"], (method, path)
        last = newest[0]["id"]


def test_sign_out_is_audited(owner: Client, new_key: Any) -> None:
    owner.delete("/api/v1/session")
    rows = owner.get("/api/v1/audit", headers=new_key("read")).json()["items"]
    assert "session.delete" in [row["action"] for row in rows]


def test_the_audit_trail_is_filtered_and_paged(owner: Client) -> None:
    for number in range(5):
        owner.post("/api/v1/rules", json={**RULE, "id": f"r{number}"})
    me = owner.get("/api/v1/session").json()["user"]["id"]
    query = {"actor": me, "action": "rule.create", "limit": 2}
    first = owner.get("/api/v1/audit", params=query).json()
    assert [row["target_id"] for row in first["items"]] == ["r4", "r3"]
    assert first["items"][0]["changes"][1] == {"path": "name", "before": None, "after": "a"}
    second = owner.get("/api/v1/audit", params={**query, "cursor": first["next_cursor"]}).json()
    assert [row["target_id"] for row in second["items"]] == ["r2", "r1"]
    by_target = {"target_kind": "rule", "target_id": "r0", "from": "2026-01-01T00:00:00Z"}
    assert len(owner.get("/api/v1/audit", params=by_target).json()["items"]) == 1
    assert owner.get("/api/v1/audit", params={"to": "2020-01-01"}).json()["items"] == []
    assert owner.get("/api/v1/audit", params={"to": "never"}).status_code == 400


def test_keys_reach_what_their_scope_says(owner: Client, new_key: Any) -> None:
    owner.cookies.clear()
    del owner.headers["x-csrf-token"]
    reach = {
        scope: (
            owner.get("/api/v1/rules", headers=new_key(scope)).status_code,
            owner.post("/api/v1/rules", json=RULE, headers=new_key(scope)).status_code,
            owner.post("/api/v1/questions", json={"size": 1}, headers=new_key(scope)).status_code,
            owner.get("/api/v1/users", headers=new_key(scope)).status_code,
        )
        for scope in ("admin", "read", "decide", "intake")
    }
    assert reach == {
        "admin": (200, 201, 200, 200),
        "read": (200, 403, 200, 403),
        "decide": (403, 403, 403, 403),
        "intake": (403, 403, 403, 403),
    }
    assert owner.get("/api/v1/rules").status_code == 401
    assert owner.get("/api/v1/rules", headers={"authorization": "Bearer x"}).status_code == 401


def test_a_source_is_a_server_s_or_not_and_all_its_keys_say_the_same(
    owner: Client, records: Records
) -> None:
    def make(name: str, **more: Any) -> Any:
        return owner.post("/api/v1/keys", json={"name": name, "scope": "intake", **more})

    web, till = make("web"), make("till", trusted=True)
    assert (web.json()["key"]["trusted"], till.json()["key"]["trusted"]) == (False, True)
    for body in (
        {"name": "x", "source": "web", "trusted": True},
        {"name": "x", "source": "till"},
        {"name": "offline"},
        {"name": "x", "scope": "read", "trusted": True},
    ):
        assert make(**body).status_code == 400, body
    assert make("x", source="offline", trusted=True).status_code == 201
    assert make("y", source="till", trusted=True).status_code == 201
    assert records.read_now(trust) == Trust(("offline", "till"), 0)
    owner.delete(f"/api/v1/keys/{web.json()['key']['id']}")
    assert make("x", source="web", trusted=True).status_code == 400, "its events are a browser's"

    one = f"/api/v1/keys/{till.json()['key']['id']}"
    assert owner.patch(one, json={"trusted": False}).json()["trusted"] is False
    assert not any(
        k["trusted"] for k in owner.get("/api/v1/keys").json()["items"] if k["source"] == "till"
    )
    assert records.read_now(trust) == Trust(("offline",), NOW_US)
    row = owner.get("/api/v1/audit").json()["items"][0]
    assert (row["action"], row["changes"][0]["path"]) == ("key.trust", "trusted")
    reader = owner.post("/api/v1/keys", json={"name": "r", "scope": "read"}).json()["key"]["id"]
    assert owner.patch(f"/api/v1/keys/{reader}", json={"trusted": True}).status_code == 400
    assert owner.patch("/api/v1/keys/none", json={"trusted": True}).status_code == 404


def test_a_revoked_key_ends_at_once(owner: Client, authenticator: Authenticator) -> None:
    made = owner.post("/api/v1/keys", json={"name": "k", "scope": "read"}).json()
    headers = {"authorization": f"Bearer {made['secret']}"}
    line = headers["authorization"].encode()
    assert owner.get("/api/v1/rules", headers=headers).status_code == 200
    for _ in range(2):  # found, then remembered
        known = authenticator.principal_of_line(line)
        assert known is not None
        assert known == authenticator.principal(headers)
    assert made["secret"].endswith(made["key"]["hint"])
    assert owner.delete(f"/api/v1/keys/{made['key']['id']}").json()["revoked_at"]
    assert owner.get("/api/v1/rules", headers=headers).status_code == 401
    assert authenticator.principal_of_line(line) is None
    assert authenticator.principal_of_line(b"Bearer nobody's") is None
    assert owner.delete("/api/v1/keys/none").status_code == 404


def test_a_retried_key_is_made_once_and_its_secret_is_not_shown_again(owner: Client) -> None:
    body, key = {"name": "k", "scope": "read"}, {"idempotency-key": "k"}
    first, second = (owner.post("/api/v1/keys", json=body, headers=key).json() for _ in range(2))
    assert first["key"] == second["key"]
    assert second["secret"] is None


@pytest.mark.parametrize(
    ("call", "status", "code"),
    [
        ("GET /api/v1/nothing", 404, "not_found"),
        ("POST /api/v1/nothing", 404, "not_found"),
        ("POST /somewhere", 404, "not_found"),
        ("DELETE /api/v1/rules", 405, "method_not_allowed"),
        ("GET /api/v1/broken", 500, "broken"),
        ("GET /api/v1/rules/none", 404, "not_found"),
    ],
)
@pytest.mark.parametrize("language", ["zh-CN,zh;q=0.9", "en"])
def test_every_error_is_a_problem_document(
    owner: Client, call: str, status: int, code: str, language: str
) -> None:
    answer = owner.request(*call.split(" "), headers={"accept-language": language})
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)
    body = answer.json()
    assert (body["code"], body["status"]) == (code, status)
    assert body["trace_id"]
    assert body["title"].isascii() == (language == "en")
    assert "secret" not in answer.text


BAD_BODIES = [
    b"", b"{", b"[]", b"null", b'"\xff"', b'{"document":{"name":"\\ud800"}}', b"\x00",
    b'{"document":{"name":"a","tiers":[{"at_least":1e400,"discount":1}]}}',
    b'{"document":{"name":"a","tiers":[{"at_least":NaN,"discount":1}]}}',
    b'{"document":' + b"[" * 100_000, b'{"document":' * 100_000, b"\xef\xbb\xbf{}",
    b'{"document":{"name":"a"},"document":5}',
]  # fmt: skip


@pytest.mark.parametrize("body", BAD_BODIES)
def test_bad_bodies_are_refused_on_every_route(owner: Client, body: bytes) -> None:
    for method, path in writes(owner):
        if path.endswith(("/session", "/publish", "/pause", "/archive")) or method == "DELETE":
            continue
        answer = owner.request(
            method,
            path.replace("{id}", "x"),
            content=body,
            headers={"content-type": "application/json", "if-match": "*"},
        )
        assert 400 <= answer.status_code < 500, (method, path)
        assert answer.headers["content-type"] == PROBLEM


def test_what_wiring_says_of_parameters_is_published(owner: Client) -> None:
    asked = routes_of(owner)["/api/v1/questions"]["post"]["parameters"]
    assert [(found["name"], found["schema"]) for found in asked] == [("depth", {"type": "integer"})]


def test_a_large_body_is_refused_before_it_is_read_whole(owner: Client) -> None:
    for path in ("/api/v1/rules", "/api/v1/things/x"):
        answer = owner.post(path, content=b'"' + b"a" * 10_000_000 + b'"')
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert owner.post("/api/v1/session", content=b" " * 10_001).status_code == 413


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(max_size=30), st.binary(max_size=40), st.text(max_size=20))
def test_any_bytes_anywhere_are_never_our_fault(
    owner: Client, name: str, body: bytes, query: str
) -> None:
    said = name.encode("utf-8", "surrogatepass").hex()
    name = "".join(f"%{said[place : place + 2]}" for place in range(0, len(said), 2)) or "x"
    for method, path in (
        ("GET", f"/api/v1/rules/{name}"),
        ("PUT", f"/api/v1/rules/{name}"),
        ("POST", f"/api/v1/rules/{name}/publish"),
        ("PATCH", f"/api/v1/users/{name}"),
        ("DELETE", f"/api/v1/keys/{name}"),
        ("GET", f"/{name}"),
        ("GET", "/api/v1/audit"),
    ):
        answer = owner.request(
            method,
            path,
            content=body,
            params={"cursor": query, "actor": query},
            headers={"if-match": "*"},
        )
        assert answer.status_code < 500, (method, path)


async def test_a_client_that_leaves_while_it_sends_is_no_fault_of_ours(
    owner: Client, application: Litestar
) -> None:
    told: list[Any] = []
    parts = iter([{"type": "http.request", "body": b"{", "more_body": True}])

    async def receive() -> Any:
        return next(parts, {"type": "http.disconnect"})

    async def send(message: Any) -> None:
        told.append(message)

    named = {**owner.headers, "cookie": "; ".join(f"{k}={v}" for k, v in owner.cookies.items())}
    headers = [(name.encode(), value.encode()) for name, value in named.items()]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST",
        "scheme": "http", "path": "/api/v1/rules", "raw_path": b"/api/v1/rules", "root_path": "",
        "query_string": b"", "headers": headers, "client": ("10.0.0.1", 1), "server": ("a", 80),
    }  # fmt: skip
    await application(scope, receive, send)
    assert told[0]["status"] == 400


def test_what_stands_in_headers_is_bounded_before_it_is_stored(owner: Client) -> None:
    headers = {"x-forwarded-for": "1" * 5_000}
    assert owner.post("/api/v1/rules", json=RULE, headers=headers).status_code == 201
    newest = owner.get("/api/v1/audit").json()["items"][0]
    assert newest["address"] == "1" * 64


def test_nul_in_paths_and_queries_is_refused(owner: Client) -> None:
    assert owner.get("/api/v1/rules/a%00b").status_code == 400
    assert owner.get("/api/v1/audit?actor=%00").status_code == 400


def test_the_console_is_served_with_its_first_page_for_every_page(visitor: Client) -> None:
    for path in ("/", "/promotions", "/promotions/618?tab=history"):
        answer = visitor.get(path)
        assert answer.status_code == 200
        assert "鹊桥" in answer.text
        assert answer.headers["cache-control"] == "no-cache"
    asset = visitor.get("/assets/main-1.js", headers={"accept-encoding": "gzip"})
    assert "immutable" in asset.headers["cache-control"]
    assert asset.headers["content-encoding"] == "gzip"
    assert asset.text == "console.log(1)"
    for path in ("/assets/none.js", "/../records.sqlite", "/%2e%2e/records.sqlite", "/api/x"):
        assert visitor.get(path).status_code == 404


def test_browsers_are_told_to_be_careful(visitor: Client) -> None:
    for path in ("/", "/api/v1/nothing", "/openapi.json", "/api/v1/rules"):
        headers = visitor.get(path).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
    assert visitor.get("/schema").headers["content-type"].startswith("text/html")
