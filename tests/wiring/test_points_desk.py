"""An adjustment above the day's bound: one person asks, another allows, once."""

from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select

from queqiao.decide.promotions.documents.points_programme import PointsProgrammeDocument
from queqiao.decide.promotions.loyalty.contracts import POINTS_PROGRAMME
from queqiao.decide.promotions.loyalty.tables import asked, moves
from queqiao.kernel import json
from queqiao.kernel.clock import DAY_US
from queqiao.kernel.errors import Conflict, Forbidden, NotFound
from queqiao.kernel.http import Principal, Request
from queqiao.operate import approvals, users
from queqiao.ports.records import documents
from queqiao.ports.records.audit import SYSTEM, Actor
from queqiao.ports.records.documents import Edit
from queqiao.ports.records.sqlite import SqliteRecords
from queqiao.wiring import points_desk
from queqiao.wiring.settings import Settings

NOW_US = 1_780_000_000_000_000
ASKER = Principal("a", "asker", scopes=frozenset({"write"}))
ALLOWER = Actor("b", "allower")
BODY = {"customer_id": "u1", "points": 90_000, "reason": "lost parcel", "request_id": "case-1"}


@pytest.fixture
def records(tmp_path: Path):
    opened = SqliteRecords(tmp_path / "records.sqlite")
    opened.upgrade()
    edit = Edit(SYSTEM, NOW_US)
    club = PointsProgrammeDocument(name="club")

    def fill(conn):
        documents.create(conn, POINTS_PROGRAMME, "club", club, edit)
        for name in ("a", "b"):
            row = {"id": name, "email": f"{name}@example.com", "name": name, "role": "owner"}
            row |= {"password_hash": None, "disabled": False, "created_at_us": NOW_US - 9 * DAY_US}
            users.add(conn, row)

    opened.write_now(fill)
    yield opened
    opened.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


async def ask(settings, records, body=BODY, **query):
    (operation,) = (
        one
        for one in points_desk.routes(settings, records)
        if getattr(one, "route", one).path.endswith("/approval")
    )
    request = Request(
        "POST", operation.route.path, {"id": "club"}, query, {}, json.encode(body), "", NOW_US,
        ASKER,
    )  # fmt: skip
    return msgspec.json.decode((await operation.route.handler(request)).body)


def approve(settings, records, number, actor=ALLOWER):
    executes = points_desk.allowed(settings, records)
    edit = Edit(actor, NOW_US + 1)
    return records.write_now(lambda conn: approvals.approve(conn, number, edit, executes))


def rows(records, table):
    return records.read_now(lambda conn: conn.execute(select(table)).all())


async def test_one_asks_and_another_allows(records, settings) -> None:
    asked_for = await ask(settings, records)
    assert (asked_for["target_kind"], asked_for["state"]) == ("points_adjustment", "pending")
    assert "u1" not in json.encode(asked_for).decode()  # an approval outlives its customer
    with pytest.raises(Forbidden):
        approve(settings, records, asked_for["id"], Actor("a", "asker"))
    assert approve(settings, records, asked_for["id"]).state == "approved"
    (move,) = rows(records, moves)
    assert (move.id, move.amount, move.state) == (asked_for["target_id"], 90_000, "begun")
    with pytest.raises(Conflict):
        approve(settings, records, asked_for["id"])
    assert len(rows(records, moves)) == 1


async def test_a_dry_run_asks_for_nothing_and_one_asks_once(records, settings) -> None:
    await ask(settings, records, dry_run="true")
    assert not rows(records, asked)
    await ask(settings, records)
    with pytest.raises(Conflict):
        await ask(settings, records)


async def test_what_is_dropped_cannot_be_allowed(records, settings) -> None:
    asked_for = await ask(settings, records)
    records.write_now(lambda conn: conn.execute(asked.delete()))
    with pytest.raises(NotFound):
        approve(settings, records, asked_for["id"])
