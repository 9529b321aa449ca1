"""Sign-in: sessions, one-time tokens, CSRF, throttle, roles."""

import secrets
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from sqlalchemy import select
from tests.operate.conftest import NOW_US, sign_in

from queqiao.kernel.clock import DAY_US, FixedClock
from queqiao.operate.authentication import Authenticator
from queqiao.operate.credentials import hash_password, password_matches
from queqiao.operate.sessions import FIRST_OWNER, issue_one_time_token
from queqiao.operate.tables import api_keys, one_time_tokens, sessions, users
from queqiao.ports.records.base import Records

Client = TestClient[Litestar]
PASSWORD = "correct horse battery"


def add_user(owner: Client, role: str, email: str = "wang@example.com") -> dict[str, Any]:
    body = {"email": email, "name": "王小明", "role": role, "password": PASSWORD}
    answer = owner.post("/api/v1/users", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()["user"]


def test_the_first_owner_signs_in_with_a_token_that_works_once(
    visitor: Client, records: Records
) -> None:
    token = issue_one_time_token(records, NOW_US, secrets.token_bytes)
    assert visitor.get("/api/v1/session").status_code == 401
    session = sign_in(visitor, token=token)
    assert session["user"]["email"] == FIRST_OWNER
    assert session["user"]["role"] == "owner"
    assert visitor.get("/api/v1/session").json() == session
    assert visitor.post("/api/v1/session", json={"token": token}).status_code == 401


def test_a_second_start_issues_a_token_for_the_same_owner(records: Records) -> None:
    for _ in range(2):
        issue_one_time_token(records, NOW_US, secrets.token_bytes)
    count = records.read_now(lambda conn: len(conn.execute(select(users)).all()))
    assert count == 1


def test_a_token_ends_after_a_day(visitor: Client, records: Records, clock: FixedClock) -> None:
    token = issue_one_time_token(records, NOW_US, secrets.token_bytes)
    clock.advance_us(DAY_US)
    assert visitor.post("/api/v1/session", json={"token": token}).status_code == 401


def test_the_cookie_is_kept_from_scripts_and_foreign_pages(
    visitor: Client, records: Records
) -> None:
    token = issue_one_time_token(records, NOW_US, secrets.token_bytes)
    line = visitor.post("/api/v1/session", json={"token": token}).headers["set-cookie"]
    assert "HttpOnly" in line
    assert "SameSite=Strict" in line


def test_a_session_ends_by_sign_out_and_by_time(owner: Client, clock: FixedClock) -> None:
    clock.advance_us(7 * DAY_US)
    assert owner.get("/api/v1/session").status_code == 401
    clock.advance_us(-1)
    assert owner.get("/api/v1/session").status_code == 200
    cookie = owner.cookies.get("queqiao_session")
    assert owner.delete("/api/v1/session").status_code == 204
    headers = {"cookie": f"queqiao_session={cookie}"}
    assert owner.get("/api/v1/session", headers=headers).status_code == 401


def test_a_write_without_the_csrf_token_is_refused(owner: Client) -> None:
    del owner.headers["x-csrf-token"]
    answer = owner.post("/api/v1/rules", json={"document": {"name": "a"}})
    assert (answer.status_code, answer.json()["reason"]) == (403, "csrf")
    wrong = owner.post(
        "/api/v1/rules", json={"document": {"name": "a"}}, headers={"x-csrf-token": "x"}
    )
    assert wrong.status_code == 403
    assert owner.post("/api/v1/questions", json={"size": 1}).status_code == 200


def test_wrong_password_and_unknown_account_look_alike(owner: Client) -> None:
    add_user(owner, "viewer")
    answers = [
        owner.post("/api/v1/session", json={"email": email, "password": "wrong password"})
        for email in ("wang@example.com", "nobody@example.com")
    ]
    for answer in answers:
        assert answer.status_code == 401
        body = answer.json()
        del body["trace_id"]
        assert body == {**body, "code": "unauthenticated"}
    assert answers[0].json()["detail"] == answers[1].json()["detail"]
    assert sign_in(owner, email="WANG@example.com ", password=PASSWORD)["user"]["role"] == "viewer"


def test_guessing_is_slowed_down_and_the_window_passes(owner: Client, clock: FixedClock) -> None:
    add_user(owner, "viewer")
    wrong = {"email": "wang@example.com", "password": "wrong password"}
    for _ in range(5):
        assert owner.post("/api/v1/session", json=wrong).status_code == 401
    right = {**wrong, "password": PASSWORD}
    answer = owner.post("/api/v1/session", json=right)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 901
    clock.advance_us(int(answer.headers["retry-after"]) * 1_000_000)
    assert owner.post("/api/v1/session", json=right).status_code == 200


def test_one_address_cannot_try_many_accounts(owner: Client) -> None:
    codes = [
        owner.post("/api/v1/session", json={"token": f"guess{n}"}).status_code for n in range(31)
    ]
    assert codes == [401] * 30 + [429]


@pytest.mark.parametrize(
    ("role", "read", "write", "administer"),
    [("viewer", 200, 403, 403), ("operator", 200, 201, 403), ("owner", 200, 201, 200)],
)
def test_roles(owner: Client, role: str, read: int, write: int, administer: int) -> None:
    add_user(owner, role)
    sign_in(owner, email="wang@example.com", password=PASSWORD)
    assert owner.get("/api/v1/rules").status_code == read
    body = {"document": {"name": "a"}}
    assert owner.post("/api/v1/rules", json=body).status_code == write
    for path in ("/api/v1/users", "/api/v1/keys"):
        assert owner.get(path).status_code == administer


def test_a_disabled_person_is_out_at_once(owner: Client) -> None:
    user = add_user(owner, "operator")
    csrf, cookie = owner.headers["x-csrf-token"], owner.cookies["queqiao_session"]
    sign_in(owner, email="wang@example.com", password=PASSWORD)
    theirs = {"cookie": f"queqiao_session={owner.cookies['queqiao_session']}"}
    mine = {"cookie": f"queqiao_session={cookie}", "x-csrf-token": csrf}
    owner.cookies.clear()
    assert owner.get("/api/v1/session", headers=theirs).status_code == 200
    path = f"/api/v1/users/{user['id']}"
    assert owner.patch(path, json={"disabled": True}, headers=mine).status_code == 200
    assert owner.get("/api/v1/session", headers=theirs).status_code == 401
    right = {"email": "wang@example.com", "password": PASSWORD}
    assert owner.post("/api/v1/session", json=right).status_code == 401


def test_the_last_owner_stays(owner: Client) -> None:
    me = owner.get("/api/v1/session").json()["user"]["id"]
    for patch in ({"disabled": True}, {"role": "viewer"}):
        answer = owner.patch(f"/api/v1/users/{me}", json=patch)
        assert (answer.status_code, answer.json()["reason"]) == (422, "last_owner")
    assert owner.get("/api/v1/users").json()["items"][0]["role"] == "owner"


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"email": "no", "name": "a", "role": "viewer"}, "email"),
        ({"email": "a@b.c", "name": "a", "role": "king"}, "role"),
        ({"email": "a@b.c", "name": "a", "role": "viewer", "password": "short"}, "password"),
        ({"email": "a@b.c", "name": "", "role": "viewer"}, "name"),
    ],
)
def test_wrong_fields_of_people_are_named(owner: Client, body: Any, path: str) -> None:
    answer = owner.post("/api/v1/users", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (400, path)


def test_an_invited_person_signs_in_by_token_and_sets_a_password(owner: Client) -> None:
    body = {"email": "li@example.com", "name": "Li", "role": "owner"}
    invited = owner.post("/api/v1/users", json=body).json()
    session = sign_in(owner, token=invited["token"])
    assert session["user"]["has_password"] is False
    path = f"/api/v1/users/{session['user']['id']}"
    assert owner.patch(path, json={"password": PASSWORD}).status_code == 200
    assert owner.get("/api/v1/session").status_code == 401
    sign_in(owner, email="li@example.com", password=PASSWORD)
    assert owner.post("/api/v1/users", json=body).status_code == 409


def test_no_secret_is_stored(owner: Client, records: Records) -> None:
    add_user(owner, "viewer")
    key = owner.post(
        "/api/v1/keys", json={"name": "k", "scope": "read"}, headers={"idempotency-key": "1"}
    ).json()["secret"]
    cookie = owner.cookies["queqiao_session"]
    secret = [key, cookie, PASSWORD]

    def dump(conn: Any) -> str:
        tables = (users, sessions, one_time_tokens, api_keys)
        named = ["audit", "idempotency", "changes"]
        everything = [conn.execute(select(table)).all() for table in tables]
        everything += [conn.exec_driver_sql(f"select * from {name}").all() for name in named]
        return repr(everything)

    stored = records.read_now(dump)
    assert not [found for found in secret if found in stored]


def test_password_hashes() -> None:
    stored = hash_password("abc")
    assert stored.startswith("$argon2id$")
    assert password_matches("abc", stored)
    assert not password_matches("abd", stored)
    assert not password_matches("nobody has this password", None)


def test_another_process_learns_of_keys_by_the_feed(
    records: Records, clock: FixedClock, new_key: Any
) -> None:
    other = Authenticator(records, clock)
    headers = new_key("intake", "Web shop", "web")
    assert other.principal(headers) is None
    other.refresh()
    principal = other.principal(headers)
    assert principal is not None
    assert (principal.source, principal.may("intake"), principal.may("read")) == (
        "web",
        True,
        False,
    )
    secret = headers["authorization"].removeprefix("Bearer ")
    assert other.source_of(secret) == "web"
    assert other.source_of("nothing") is None
