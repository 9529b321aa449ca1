"""The second pair of eyes is somebody else's: not an account that the asker has made or taken."""

import secrets
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from tests.operate.test_lifecycle import CHEAP, PATH, create, made_key, state

from queqiao.kernel.clock import DAY_US
from queqiao.operate import users
from queqiao.operate.independence import COOLING_US
from queqiao.operate.sessions import COOKIE, csrf_token, open_session

Client = TestClient[Litestar]


@pytest.fixture
def signed_in(records: Any, authenticator: Any, clock: Any) -> Any:
    """A function that signs a person in by their id, as their one-time token would."""

    def sign(user_id: str) -> dict[str, str]:
        now_us = clock.now_us()
        token = records.write_now(
            lambda conn: open_session(conn, user_id, "", now_us, secrets.token_bytes)
        )
        authenticator.refresh()
        return {"cookie": f"{COOKIE}={token}", "x-csrf-token": csrf_token(token)}

    return sign


def add(client: Client, name: str, role: str = "owner", headers: Any = None) -> str:
    body = {"email": f"{name}@example.com", "name": name, "role": role}
    made = client.post("/api/v1/users", json=body, headers=headers)
    assert made.status_code == 201, made.text
    return str(made.json()["user"]["id"])


def ask(client: Client, headers: Any = None, name: str = "a") -> str:
    create(client, CHEAP, name)
    asked = client.post(f"{PATH}/{name}/approval", headers=headers)
    assert asked.status_code == 201, asked.text
    return f"/api/v1/approvals/{asked.json()['id']}"


def test_an_account_that_the_asker_has_just_made_allows_nothing(
    owner: Client, signed_in: Any
) -> None:
    second = add(owner, "second")
    third = add(owner, "third", headers=signed_in(second))
    by_key = add(owner, "fourth", headers=made_key(owner))
    path = ask(owner)
    for account in (second, third, by_key):
        refused = owner.post(f"{path}/approve", headers=signed_in(account))
        assert (refused.status_code, state(owner)) == (403, "draft")
        assert "within 7 days" in refused.text
    assert owner.post(f"{path}/reject", headers=signed_in(second)).status_code == 200


def test_nor_one_that_the_asker_has_taken_over(
    owner: Client, new_person: Any, signed_in: Any
) -> None:
    for name, change in (
        ("raised", {"role": "owner"}),
        ("opened", {"password": "a password of mine"}),
    ):
        role = "viewer" if name == "raised" else "owner"
        new_person(role, name)
        assert owner.patch(f"/api/v1/users/{name}", json=change).status_code == 200
    new_person("owner", "renamed")
    owner.patch("/api/v1/users/renamed", json={"name": "Renamed"})
    path = ask(owner)
    for name in ("raised", "opened"):
        refused = owner.post(f"{path}/approve", headers=signed_in(name))
        assert refused.status_code == 403, name
    assert owner.post(f"{path}/approve", headers=signed_in("renamed")).status_code == 200
    assert state(owner) == "live"


def test_nor_one_that_is_younger_than_the_request(
    owner: Client, clock: Any, new_person: Any, signed_in: Any
) -> None:
    new_person("owner", "colleague")
    path = ask(owner)
    clock.advance_us(60_000_000)
    late = add(owner, "late", headers=signed_in("colleague"))
    refused = owner.post(f"{path}/approve", headers=signed_in(late))
    assert refused.status_code == 403
    assert "younger than the request" in refused.text
    assert owner.post(f"{path}/approve", headers=signed_in("colleague")).status_code == 200


def test_a_week_later_the_invited_owner_is_a_second_person(
    owner: Client, clock: Any, signed_in: Any, records: Any, authenticator: Any
) -> None:
    second = add(owner, "second")
    clock.advance_us(COOLING_US + DAY_US)
    (first,) = set(records.read_now(users.owners)) - {second}
    asker = signed_in(first)
    owner.headers.clear()
    owner.cookies.clear()
    made = owner.post(PATH, json={"document": CHEAP, "id": "a"}, headers=asker)
    assert made.status_code == 201, made.text
    asked = owner.post(f"{PATH}/a/approval", headers=asker).json()
    done = owner.post(f"/api/v1/approvals/{asked['id']}/approve", headers=signed_in(second))
    assert (done.status_code, done.json()["state"]) == (200, "approved")


def test_nor_does_who_made_the_account_that_asks(
    owner: Client, signed_in: Any, new_person: Any
) -> None:
    new_person("owner", "colleague")
    new_person("operator", "opened")
    change = {"password": "a password of mine"}
    assert owner.patch("/api/v1/users/opened", json=change).status_code == 200
    for number, account in enumerate((add(owner, "puppet", "operator"), "opened")):
        path = ask(owner, signed_in(account), f"r{number}")
        refused = owner.post(f"{path}/approve")
        assert (refused.status_code, state(owner, f"r{number}")) == (403, "draft")
        assert "within 7 days" in refused.text
    assert owner.post(f"{path}/approve", headers=signed_in("colleague")).status_code == 200
