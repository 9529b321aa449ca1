"""The console's application on a fresh home, and a client that is signed in as its owner."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from queqiao.kernel.clock import FixedClock
from queqiao.kernel.documents import DocumentKind
from queqiao.kernel.errors import FieldError, InvalidInput, Message, Refused
from queqiao.kernel.http import Request, Response, Role, Route, json_response
from queqiao.kernel.tokens import Signer
from queqiao.operate import users
from queqiao.operate.application import ConsoleSettings, console_application
from queqiao.operate.authentication import Authenticator
from queqiao.operate.contracts import Handling, Parameter, Services
from queqiao.operate.keys import create_key
from queqiao.operate.sessions import COOKIE, csrf_token, issue_one_time_token, open_session
from queqiao.ports.records.base import Records
from queqiao.ports.records.sqlite import SqliteRecords

NOW_US = 1_781_000_000_000_000


class Tier(msgspec.Struct, forbid_unknown_fields=True):
    """A step of a rule."""

    at_least: int
    discount: int


class Rule(msgspec.Struct, forbid_unknown_fields=True):
    """A document of these tests."""

    name: Annotated[str, msgspec.Meta(max_length=100)]
    tiers: list[Tier] = []
    secret: str = ""


def check_rule(rule: Rule) -> None:
    for index, tier in enumerate(rule.tiers):
        if tier.discount > tier.at_least:
            message = Message("优惠不能高于门槛", "the discount is above the threshold")
            raise InvalidInput(FieldError(f"tiers[{index}].discount", message))


def check_live(rule: Rule, _conn: Any) -> None:
    if not rule.tiers:
        raise Refused(Message("还没有规则", "there is no rule yet"), reason="empty")


def below_floor(stored: Any, _conn: Any) -> list[FieldError]:
    return [
        FieldError(f"tiers[{index}]", Message("低于底价", "below the floor"))
        for index, tier in enumerate(stored.document.tiers)
        if tier.discount * 2 > tier.at_least
    ]


def prepare(rule: Rule, random: Any) -> Rule:
    secret = rule.secret or f"generated-{random(4).hex()}"
    return msgspec.structs.replace(rule, secret=secret)


RULE = DocumentKind("rule", "rules", Rule, check_rule)


class Thing(msgspec.Struct):
    """Body of a route of another stage."""

    size: int


async def make_thing(request: Request) -> Response:
    return json_response({"size": request.decode(Thing).size, "now_us": request.now_us})


async def break_down(_request: Request) -> Response:
    raise RuntimeError("a defect, with a secret inside")


OTHERS = [
    Route("POST", "/api/v1/things/{id}", make_thing, Message("", "Make"), "write", Thing),
    Route("POST", "/api/v1/questions", make_thing, Message("", "Ask"), "read", Thing),
    Route("GET", "/api/v1/broken", break_down, Message("", "Break"), "read"),
]


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW_US)


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    opened = SqliteRecords(tmp_path / "records.sqlite")
    opened.upgrade()
    yield opened
    opened.close()


@pytest.fixture
def authenticator(records: Records, clock: FixedClock) -> Authenticator:
    return Authenticator(records, clock)


@pytest.fixture
def kinds() -> list[DocumentKind]:
    """The kinds of documents that the application has."""
    return [RULE]


@pytest.fixture
def application(
    records: Records,
    clock: FixedClock,
    authenticator: Authenticator,
    tmp_path: Path,
    kinds: list[DocumentKind],
) -> Litestar:
    files = tmp_path / "dist"
    (files / "assets").mkdir(parents=True)
    (files / "index.html").write_text("<!doctype html><title>鹊桥</title>", encoding="utf-8")
    (files / "assets" / "main-1.js").write_text("console.log(1)", encoding="utf-8")
    return console_application(
        ConsoleSettings(files, accept_clock_header=True),
        Services(records, Signer(b"k" * 32), clock, secrets.token_bytes),
        authenticator,
        kinds=kinds,
        handlings={
            "rule": Handling(check_live, prepare, ("secret",), dangers=below_floor),
            "plan": Handling(check_live, dangers=below_floor),
        },
        handlers=OTHERS,
        parameters={"POST /api/v1/questions": (Parameter("depth", Message("", "Depth"), int),)},
    )


@pytest.fixture
def visitor(application: Litestar) -> Iterator[TestClient[Litestar]]:
    """A client that is not signed in."""
    with TestClient(application, raise_server_exceptions=False) as client:
        yield client


def sign_in(client: TestClient[Litestar], **how: str) -> dict[str, Any]:
    answer = client.post("/api/v1/session", json=how)
    assert answer.status_code == 200, answer.text
    client.headers["x-csrf-token"] = answer.json()["csrf_token"]
    return answer.json()


@pytest.fixture
def owner(visitor: TestClient[Litestar], records: Records) -> TestClient[Litestar]:
    """The client, signed in as the first owner."""
    sign_in(visitor, token=issue_one_time_token(records, NOW_US, secrets.token_bytes))
    return visitor


@pytest.fixture
def new_key(records: Records, authenticator: Authenticator) -> Any:
    """A function that makes a key and gives the headers that use it."""

    def make(scope: Any, name: str = "robot", source: str = "") -> dict[str, str]:
        _, secret = create_key(
            records, scope, name, source, now_us=NOW_US, random=secrets.token_bytes
        )
        authenticator.refresh()
        return {"authorization": f"Bearer {secret}"}

    return make


@pytest.fixture
def new_person(records: Records, authenticator: Authenticator) -> Any:
    """A function that adds a person, signs them in and gives the headers of their browser."""

    def make(role: Role, name: str) -> dict[str, str]:
        person = {"id": name, "email": f"{name}@example.com", "name": name, "role": role}
        more = {"password_hash": None, "disabled": False, "created_at_us": NOW_US}

        def sign_in(conn: Any) -> str:
            users.add(conn, {**person, **more})
            return open_session(conn, name, "", NOW_US, secrets.token_bytes)

        token = records.write_now(sign_in)
        authenticator.refresh()
        return {"cookie": f"{COOKIE}={token}", "x-csrf-token": csrf_token(token)}

    return make
