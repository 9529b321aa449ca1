"""The registry: documents published in the console, seen by the intake, refusing and replayed."""

import secrets
from pathlib import Path
from random import Random

import msgspec
import pytest
from litestar.testing import TestClient

from queqiao.collect.bad_rows import BadRowsLog
from queqiao.collect.columns import usual_events
from queqiao.collect.messages import decode_call
from queqiao.collect.replay import Replayer
from queqiao.collect.schemas import SchemaBook
from queqiao.collect.schemas_calls import AskRefusals, Refusals, methods
from queqiao.collect.schemas_document import EVENT_SCHEMA, EventSchemaDocument
from queqiao.collect.schemas_document import check_live_event_schema as check_live
from queqiao.collect.schemas_endpoints import SchemaServices, handlers
from queqiao.collect.taking import Incoming, Taking
from queqiao.collect.validation import Origin, Validator
from queqiao.kernel.clock import FixedClock
from queqiao.kernel.envelope import decode_envelope
from queqiao.kernel.errors import Unavailable
from queqiao.kernel.ids import IdSource
from queqiao.kernel.tokens import Signer
from queqiao.operate.application import ConsoleSettings, console_application
from queqiao.operate.authentication import Authenticator
from queqiao.operate.contracts import Handling, Services
from queqiao.operate.sessions import issue_one_time_token
from queqiao.ports.event_log.embedded import EmbeddedEventLog
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.ports.records import documents
from queqiao.ports.records.audit import SYSTEM
from queqiao.ports.records.sqlite import SqliteRecords
from queqiao.wiring.changes import Follower

NOW_US = 1_781_000_000_000_000
ROOM = {
    "required": ["room_id"],
    "properties": {"room_id": {"type": "string"}, "phone": {"type": "string", "x-pii": "phone"}},
}
EDIT = documents.Edit(SYSTEM, NOW_US)


@pytest.fixture
def records(tmp_path: Path):
    opened = SqliteRecords(tmp_path / "records.sqlite")
    opened.upgrade()
    yield opened
    opened.close()


def publish(records, schema, *, mode="strict", document_id="room", name="Room Entered") -> None:
    document = EventSchemaDocument(name, schema, mode=mode)

    def work(conn) -> None:
        documents.create(conn, EVENT_SCHEMA, document_id, document, EDIT)
        documents.transition(conn, EVENT_SCHEMA, document_id, "live", EDIT)

    records.write_now(work)


def change(records, schema, *, mode="strict", document_id="room") -> None:
    document = EventSchemaDocument("Room Entered", schema, mode=mode)
    records.write_now(
        lambda conn: documents.replace(conn, EVENT_SCHEMA, document_id, document, EDIT)
    )


class Door:
    """The intake's parts, following the records as its role does."""

    def __init__(self, folder: Path, records) -> None:
        ids = IdSource(FixedClock(NOW_US), Random(1).getrandbits)
        self.follower = Follower(records)
        self.book = SchemaBook(records)
        self.book.load_now()
        self.follower.on(f"{EVENT_SCHEMA.name}/", self.book.load)
        self.log = EmbeddedEventLog(folder / "log")
        self.reader = EmbeddedEventLogReader(folder / "log")
        self.rows = BadRowsLog(folder / "bad_rows")
        self.validator = Validator(ids, self.book)
        self.taking = Taking(self.log, self.rows, self.validator)
        self.replayer = Replayer(self.log, self.rows, self.validator)

    async def take(self, message_id: str, **properties) -> str:
        call = {"userId": "u", "messageId": message_id, "event": "Room Entered"}
        body = msgspec.json.encode(call | {"properties": properties})
        (verdict,) = await self.taking.take([Incoming(body, "track")], Origin("web", NOW_US))
        return verdict.status

    def close(self) -> None:
        self.log.close()
        self.rows.close()


@pytest.fixture
def door(tmp_path: Path, records):
    made = Door(tmp_path, records)
    yield made
    made.close()


async def test_a_fix_takes_the_refused_rows_in_each_once(records, door) -> None:
    assert await door.take("m0") == "stored", "free in form until there is a schema"
    publish(records, ROOM)
    await door.follower.poll()
    assert await door.take("m1", room_id="r") == "stored"
    assert await door.take("m2", room_id=7) == "invalid"
    assert await door.take("m3") == "invalid"
    kept = door.rows.newest(9, None)
    assert [(row.row.path, row.row.schema_version) for row in kept] == [
        ("properties.room_id", 2),
        ("properties.room_id", 2),
    ]
    ids = [row.id for row in kept]
    assert (await door.replayer.replay(ids)).replayed == 0, "nothing is mended yet"

    change(records, {"properties": {"room_id": {"type": ["string", "integer"]}}})
    await door.follower.poll()
    assert door.book.now.version_of("Room Entered") == 3
    for _ in range(2):
        assert (await door.replayer.replay(ids)).replayed == 2
    stored = [decode_envelope(one.body) for one in door.reader.read(0, 99)]
    assert [one.message_id for one in stored] == ["m0", "m1", "m3", "m2"]


async def test_a_lenient_schema_stores_and_marks_and_a_retry_stays_a_duplicate(
    records, door
) -> None:
    publish(records, ROOM, mode="lenient")
    await door.follower.poll()
    assert await door.take("m1", room_id=7) == "stored"
    assert decode_envelope(door.reader.read(0, 1)[0].body).schema_fault == "properties.room_id"
    change(records, {}, mode="lenient")
    await door.follower.poll()
    assert await door.take("m1", room_id=7) == "duplicate"
    records.write_now(lambda conn: documents.transition(conn, EVENT_SCHEMA, "room", "paused", EDIT))
    await door.follower.poll()
    assert not door.book.now.any


async def test_the_quick_way_asks_the_same_schemas(records, door) -> None:
    publish(records, ROOM, mode="lenient")
    await door.follower.poll()
    call = msgspec.json.encode(
        {"type": "track", "event": "Room Entered", "messageId": "m", "anonymousId": "a"}
        | {"userId": "u", "timestamp": "2026-06-09T10:00:00.000Z", "properties": {"room_id": 7}}
    )
    origin = Origin("web", NOW_US, sound=True)
    events = usual_events([decode_call(call)], origin, door.book.now)
    slow = door.validator.event(call, None, origin)
    assert events is not None
    assert list(events.bodies) == [slow.body]
    assert decode_envelope(slow.body).schema_version == 2


async def test_the_intake_tells_how_many_rows_a_schema_made(records, door) -> None:
    publish(records, ROOM)
    await door.follower.poll()
    await door.take("m1")
    (method,) = methods(door.book).values()
    told = await method.handler(AskRefusals())
    assert told == [Refusals("properties", "Room Entered", 2, 1)]


@pytest.fixture
def console(records, tmp_path: Path):
    async def refusals():
        return [Refusals("properties", "Room Entered", 2, 5)]

    async def marked():
        raise Unavailable

    clock = FixedClock(NOW_US)
    application = console_application(
        ConsoleSettings(tmp_path),
        Services(records, Signer(b"k" * 32), clock, secrets.token_bytes),
        Authenticator(records, clock),
        kinds=[EVENT_SCHEMA],
        handlings={EVENT_SCHEMA.name: Handling(check_live)},
        handlers=handlers(SchemaServices(records, refusals, marked)),
    )
    with TestClient(application, raise_server_exceptions=False) as client:
        token = issue_one_time_token(records, NOW_US, secrets.token_bytes)
        signed = client.post("/api/v1/session", json={"token": token})
        client.headers["x-csrf-token"] = signed.json()["csrf_token"]
        yield client


def test_documents_of_schemas_are_checked_tried_and_published(console) -> None:
    path = "/api/v1/event-schemas"
    bad = {"name": "E", "schema": {"properties": {"a": {"$ref": "https://example.com/"}}}}
    refused = console.post(path, json={"document": bad})
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["path"] == "document.schema.properties.a.$ref"
    room = {"name": "Room Entered", "schema": ROOM}
    assert console.post(path + "?dry_run=true", json={"document": room}).status_code == 200
    assert console.get(path).json()["items"] == []
    for document_id in ("one", "two"):
        made = console.post(path, json={"id": document_id, "document": room})
        assert made.status_code == 201
    assert console.post(f"{path}/one/publish").status_code == 200
    twice = console.post(f"{path}/two/publish")
    assert (twice.status_code, twice.json()["reason"]) == (422, "taken")


def test_the_registry_lists_what_is_in_force(console, records) -> None:
    publish(records, ROOM)
    items = console.get("/api/v1/schemas/events").json()["items"]
    assert items[0] == {
        "name": "Room Entered", "part": "properties", "origin": "registered", "id": "room",
        "version": 2, "mode": "strict", "description": "", "refused": 5, "marked": None,
    }  # fmt: skip
    assert {"Order Completed", "identify"} <= {item["name"] for item in items[1:]}
    shown = console.get("/api/v1/schemas/events/Room%20Entered").json()
    assert (shown["builtin"], shown["registered"], shown["pii"]) == (None, ROOM, {"phone": "phone"})
    shipped = console.get("/api/v1/schemas/events/Order%20Completed").json()
    assert shipped["builtin"]["required"] == ["order_id"]
    assert console.get("/api/v1/schemas/events/None").status_code == 404
    pii = console.get("/api/v1/schemas/pii").json()["items"]
    assert {"name": "Room Entered", "part": "properties", "path": "phone", "pii": "phone",
            "origin": "registered"} in pii  # fmt: skip
    assert any(one["name"] == "identify" and one["path"] == "email" for one in pii)
