"""One behaviour suite for the records port, on SQLite and on a real PostgreSQL."""

import asyncio
import multiprocessing
import os
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, insert, select
from tests.ports.postgresql import new_postgresql_url, postgresql_cluster  # noqa: F401  # fixtures

import queqiao
from queqiao.kernel.documents import DocumentKind
from queqiao.kernel.errors import (
    Conflict,
    FieldError,
    InvalidInput,
    Message,
    NotFound,
    PreconditionFailed,
    Refused,
    StorageFull,
    Unavailable,
)
from queqiao.ports.records import artifacts, audit, changes, documents
from queqiao.ports.records.audit import Actor
from queqiao.ports.records.base import Change, Records, metadata
from queqiao.ports.records.differences import Difference, differences
from queqiao.ports.records.documents import Documents, Edit
from queqiao.ports.records.postgresql import PostgresqlRecords
from queqiao.ports.records.sqlite import SqliteRecords
from queqiao.ports.records.tables import audit as audit_table
from queqiao.ports.records.tables import changes as changes_table

ROOT = Path(queqiao.__file__).parent

for path in ROOT.rglob("tables.py"):
    # Imported so that ``metadata`` holds every table of the system.
    import_module("queqiao." + ".".join(path.relative_to(ROOT).with_suffix("").parts))

Opener = Callable[[], Any]
NOW_US = 1_781_000_000_000_000


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Opener:
    """Return a function that opens the same store again, as another process would."""
    if request.param == "sqlite":
        return lambda: SqliteRecords(tmp_path / "records.sqlite")
    url = request.getfixturevalue("new_postgresql_url")()
    return lambda: PostgresqlRecords(url)


@pytest.fixture
def records(opener: Opener) -> Iterator[Records]:
    opened = opener()
    opened.upgrade()
    yield opened
    opened.close()


def note_and_count(conn: Any) -> int:
    changes.note(conn, "thing", "x")
    return conn.execute(select(func.count()).select_from(changes_table)).scalar_one()


def test_migrations_give_exactly_the_tables_that_the_code_declares(records: Any) -> None:
    with records.engine.connect() as conn:
        found = compare_metadata(MigrationContext.configure(conn), metadata)
    assert found == []


def test_upgrading_again_changes_nothing(records: Records) -> None:
    records.write_now(lambda conn: changes.note(conn, "thing", "x"))
    records.upgrade()
    assert len(records.changes_since(0)) == 1


def _upgrade_and_write(opener: Opener, times: int) -> None:
    opened = opener()
    opened.upgrade()
    for _ in range(times):
        opened.write_now(note_and_count)
    opened.close()


def test_several_processes_start_and_write_at_once(opener: Opener) -> None:
    fork = multiprocessing.get_context("fork")
    workers = [fork.Process(target=_upgrade_and_write, args=(opener, 20)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0, 0]
    opened = opener()
    assert len(opened.changes_since(0)) == 80
    opened.close()


def _write_and_tell(opener: Opener, told: int) -> None:
    opened = opener()
    while True:
        version = opened.write_now(
            lambda conn: (changes.note(conn, "a", "b"), changes.latest(conn))
        )
        os.write(told, f"{version[1]}\n".encode())


def test_what_was_acknowledged_survives_kill_9(opener: Opener, records: Records) -> None:
    ours, theirs = os.pipe()
    fork = multiprocessing.get_context("fork")
    worker = fork.Process(target=_write_and_tell, args=(opener, theirs))
    worker.start()
    os.close(theirs)
    with os.fdopen(ours) as pipe:
        for _ in range(25):
            assert pipe.readline()
        worker.kill()
        worker.join()
        acknowledged = [int(line) for line in pipe if line.endswith("\n")]
    known = {change.version for change in records.changes_since(0)}
    assert known >= set(acknowledged)
    assert len(known) >= 25
    records.write_now(note_and_count)


async def test_writes_are_one_after_another(records: Records) -> None:
    counts = await asyncio.gather(*(records.write(note_and_count) for _ in range(20)))
    assert sorted(counts) == list(range(1, 21))


async def test_a_write_that_raises_leaves_nothing(records: Records) -> None:
    def broken(conn: Any) -> None:
        changes.note(conn, "thing", "x")
        raise Conflict

    with pytest.raises(Conflict):
        await records.write(broken)
    assert records.changes_since(0) == []


def test_a_read_sees_one_moment(opener: Opener, records: Records) -> None:
    other = opener()
    records.write_now(lambda conn: changes.note(conn, "thing", "a"))

    def look_twice(conn: Any) -> tuple[int, int]:
        first = changes.latest(conn)
        other.write_now(lambda inner: changes.note(inner, "thing", "b"))
        return first, changes.latest(conn)

    first, second = records.read_now(look_twice)
    other.close()
    assert first == second


def test_the_feed_tells_what_another_process_wrote(opener: Opener, records: Records) -> None:
    other = opener()
    assert records.changes_since(0) == []
    other.write_now(lambda conn: changes.note(conn, "promotion", "p1"))
    first = records.changes_since(0)
    assert [(change.kind, change.id) for change in first] == [("promotion", "p1")]
    assert records.changes_since(first[-1].version) == []
    other.write_now(lambda conn: changes.note(conn, "promotion", "p2"))
    assert [change.id for change in records.changes_since(first[-1].version)] == ["p2"]
    assert [change.id for change in records.changes_since(0)] == ["p1", "p2"]
    assert records.read_now(changes.latest) == records.changes_since(0)[-1].version
    other.close()


def test_the_feed_tells_of_our_own_writes_too(records: Records) -> None:
    assert records.changes_since(0) == []
    records.write_now(lambda conn: changes.note(conn, "promotion", "p1"))
    assert isinstance(records.changes_since(0)[0], Change)


def test_versions_are_never_used_twice(records: Records) -> None:
    records.write_now(lambda conn: changes.note(conn, "a", "1"))
    before = records.read_now(changes.latest)
    records.write_now(lambda conn: conn.execute(changes_table.delete()))
    records.write_now(lambda conn: changes.note(conn, "a", "2"))
    assert records.read_now(changes.latest) > before


def test_artifacts_are_replaced_whole_and_told(records: Records) -> None:
    assert records.read_now(lambda conn: artifacts.get(conn, "segments/vip")) is None
    put = lambda body: records.write_now(  # noqa: E731  # one line reads best here
        lambda conn: artifacts.put(conn, "segments/vip", body, NOW_US)
    )
    assert [put(b"\x00\xff"), put(b"\x00\xff"), put(b"new")] == [1, 1, 2]
    assert records.read_now(lambda conn: artifacts.get(conn, "segments/vip")) == (2, b"new")
    assert records.read_now(lambda conn: artifacts.names(conn, "segments/")) == ["segments/vip"]
    assert [change.id for change in records.changes_since(0)] == ["segments/vip"] * 2


def test_big_numbers_bytes_and_chinese_come_back(records: Records) -> None:
    entry = audit.Entry("测试", "kind", "编号", "满减 🎉 'quote' %s \\ \n", ())
    records.write_now(lambda conn: audit.note(conn, Actor("u", "王小明"), entry, 2**62))
    row = records.read_now(lambda conn: conn.execute(select(audit_table)).one())
    assert (row.at_us, row.actor_name, row.summary) == (2**62, "王小明", entry.summary)


# Documents


class Rule(msgspec.Struct, forbid_unknown_fields=True):
    """A document of these tests."""

    name: str
    discount: int = 0
    tiers: list[int] = []
    secret: str = ""


def check_rule(rule: Rule) -> None:
    if rule.discount < 0:
        raise InvalidInput(FieldError("discount", Message("不能为负", "must not be negative")))


RULE = DocumentKind("rule", "rules", Rule, check_rule)
WANG = Actor("u1", "Wang", "127.0.0.1", "trace")


def edit(now_us: int = NOW_US, **more: Any) -> Edit:
    return Edit(WANG, now_us, **more)


@pytest.fixture
def store(records: Records) -> Documents:
    return Documents(records)


async def test_a_document_lives_through_its_states(store: Documents) -> None:
    created = await store.create(RULE, "r1", Rule("满300减40"), edit())
    assert (created.revision, created.state) == (1, "draft")
    assert await store.live(RULE) == []
    live = await store.transition(RULE, "r1", "live", edit(NOW_US + 1))
    assert [found.id for found in await store.live(RULE)] == ["r1"]
    assert store.live_now(RULE) == [live]
    again = await store.transition(RULE, "r1", "live", edit(NOW_US + 2))
    assert again.revision == live.revision == 2
    await store.transition(RULE, "r1", "paused", edit())
    await store.transition(RULE, "r1", "live", edit())
    archived = await store.transition(RULE, "r1", "archived", edit())
    assert archived.revision == 5
    with pytest.raises(Refused):
        await store.transition(RULE, "r1", "live", edit())
    with pytest.raises(Refused):
        await store.replace(RULE, "r1", Rule("x"), edit())


async def test_a_draft_cannot_be_paused_and_states_are_the_kinds_own(store: Documents) -> None:
    await store.create(RULE, "r1", Rule("a"), edit())
    for state in ("paused", "draft2"):
        with pytest.raises(Refused):
            await store.transition(RULE, "r1", state, edit())


async def test_history_shows_each_change_with_who_when_and_why(store: Documents) -> None:
    await store.create(RULE, "r1", Rule("a", 1, [1, 2]), edit())
    await store.replace(RULE, "r1", Rule("a", 5, [1, 3, 4]), edit(NOW_US + 9, reason="618 加码"))
    await store.transition(RULE, "r1", "live", edit())
    newest, middle, first = await store.history(RULE, "r1")
    assert newest.changes == (Difference("state", "draft", "live"),)
    assert middle.changes == (
        Difference("discount", 1, 5),
        Difference("tiers[1]", 2, 3),
        Difference("tiers[2]", None, 4),
    )
    assert (middle.by, middle.at_us, middle.reason) == ("u1", NOW_US + 9, "618 加码")
    assert first.changes == ()
    assert first.document == Rule("a", 1, [1, 2])


async def test_of_two_editors_the_second_is_told(store: Documents) -> None:
    await store.create(RULE, "r1", Rule("a"), edit())
    results = await asyncio.gather(
        *(store.replace(RULE, "r1", Rule("a", n + 1), edit(expected_revision=1)) for n in range(5)),
        return_exceptions=True,
    )
    assert sum(isinstance(result, PreconditionFailed) for result in results) == 4
    assert (await store.get(RULE, "r1")).revision == 2


async def test_equal_content_makes_no_revision(store: Documents) -> None:
    await store.create(RULE, "r1", Rule("a"), edit())
    assert (await store.replace(RULE, "r1", Rule("a"), edit())).revision == 1


async def test_what_is_wrong_is_refused_and_nothing_is_written(
    store: Documents, records: Records
) -> None:
    for document_id, rule in (("r1", Rule("a", -1)), ("../x", Rule("a")), ("é", Rule("a"))):
        with pytest.raises(InvalidInput):
            await store.create(RULE, document_id, rule, edit())
    with pytest.raises(NotFound):
        await store.get(RULE, "r1")
    with pytest.raises(NotFound):
        await store.history(RULE, "r1")
    await store.create(RULE, "r1", Rule("a"), edit())
    with pytest.raises(Conflict):
        await store.create(RULE, "r1", Rule("a"), edit())
    assert len(records.changes_since(0)) == 1


async def test_a_dry_run_answers_as_the_write_would_and_writes_nothing(
    store: Documents, records: Records
) -> None:
    assert (await store.create(RULE, "r1", Rule("a"), edit(dry_run=True))).revision == 1
    with pytest.raises(NotFound):
        await store.get(RULE, "r1")
    await store.create(RULE, "r1", Rule("a"), edit())
    assert (await store.transition(RULE, "r1", "live", edit(dry_run=True))).state == "live"
    assert (await store.get(RULE, "r1")).state == "draft"
    assert len(records.changes_since(0)) == 1


async def test_lists_filter_search_and_go_on_where_they_stopped(store: Documents) -> None:
    for number in range(7):
        await store.create(RULE, f"r{number}", Rule(f"Rule 满{number} 100%"), edit(NOW_US + number))
    await store.transition(RULE, "r3", "live", edit())
    await store.transition(RULE, "r0", "archived", edit())
    first = await store.list(RULE, limit=4)
    assert [found.id for found in first] == ["r6", "r5", "r4", "r3"]
    place = documents.Place(first[-1].created_at_us, first[-1].id)
    assert [found.id for found in await store.list(RULE, after=place)] == ["r2", "r1"]
    assert [found.id for found in await store.list(RULE, state="live")] == ["r3"]
    assert [found.id for found in await store.list(RULE, state="archived")] == ["r0"]
    assert [found.id for found in await store.list(RULE, query="满2")] == ["r2"]
    assert [found.id for found in await store.list(RULE, query="rULE 满2")] == ["r2"]
    assert await store.list(RULE, query="%1%") == []


async def test_every_write_is_audited_and_secrets_are_not_shown(
    store: Documents, records: Records
) -> None:
    hidden = ("secret",)
    await store.create(RULE, "r1", Rule("a", secret="s3cret"), edit(hidden=hidden))
    await store.replace(RULE, "r1", Rule("a", 2, secret="other"), edit(hidden=hidden))
    rows = records.read_now(lambda conn: conn.execute(select(audit_table)).all())
    assert [row.action for row in rows] == ["rule.create", "rule.replace"]
    assert [row.address for row in rows] == ["127.0.0.1"] * 2
    assert "s3cret" not in rows[0].diff
    assert msgspec.json.decode(rows[1].diff) == [{"path": "discount", "before": 0, "after": 2}]
    steps = records.read_now(lambda conn: documents.history(conn, RULE, "r1", hidden))
    assert steps[0].changes == (Difference("discount", 0, 2),)


def test_a_store_that_is_not_there_says_unavailable() -> None:
    nowhere = PostgresqlRecords("postgresql://nobody@/none?host=/nonexistent")
    with pytest.raises(Unavailable):
        nowhere.read_now(changes.latest)
    nowhere.close()


def test_a_lock_held_too_long_says_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("queqiao.ports.records.engine.BUSY_S_MAX", 0.0)
    monkeypatch.setattr("queqiao.ports.records.sqlite._BUSY_MS", 50)
    one, two = (SqliteRecords(tmp_path / "records.sqlite") for _ in range(2))
    one.upgrade()

    def hold(conn: Any) -> None:
        conn.execute(insert(changes_table).values(kind="a", id="b"))
        with pytest.raises(Unavailable):
            two.write_now(note_and_count)

    one.write_now(hold)
    assert two.write_now(note_and_count) == 2
    one.close()
    two.close()


def test_a_full_disk_says_so_and_leaves_nothing_half_done(tmp_path: Path) -> None:
    opened = SqliteRecords(tmp_path / "records.sqlite")
    opened.upgrade()

    def fill(conn: Any) -> None:
        pages = conn.exec_driver_sql("PRAGMA page_count").scalar_one()
        conn.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
        changes.note(conn, "before", "x")
        artifacts.put(conn, "big", b"x" * 1_000_000, NOW_US)

    with pytest.raises(StorageFull):
        opened.write_now(fill)
    assert opened.changes_since(0) == []
    opened.close()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(JSON, JSON)
def test_differences_are_empty_only_between_equals(before: Any, after: Any) -> None:
    assert list(differences(before, before)) == []
    if not list(differences(before, after)):
        assert _without_nulls(before) == _without_nulls(after)


def _without_nulls(value: Any) -> Any:
    """A missing field and a null one look the same in a difference."""
    if isinstance(value, dict):
        items = {key: _without_nulls(item) for key, item in value.items()}
        return {key: item for key, item in items.items() if item is not None}
    if isinstance(value, list):
        items = [_without_nulls(item) for item in value]
        while items and items[-1] is None:
            items.pop()
        return items
    return value
