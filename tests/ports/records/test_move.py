"""Records carried over from SQLite to PostgreSQL: all of them or none, and nothing goes back."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text
from tests.ports.records.filled import all_tables, fill

from queqiao.kernel.errors import Broken, Conflict
from queqiao.operate.tables import users
from queqiao.ports.records import changes
from queqiao.ports.records.engine import EngineRecords
from queqiao.ports.records.move import counts, move
from queqiao.ports.records.postgresql import PostgresqlRecords
from queqiao.ports.records.sqlite import SqliteRecords
from queqiao.ports.records.tables import artifacts, audit, documents

pytestmark = pytest.mark.postgresql

ROWS = 20
BARE = "SELECT relname FROM pg_class WHERE relkind = 'r' AND NOT relrowsecurity AND {}"
OURS = "relnamespace = 'public'::regnamespace"


@pytest.fixture
def source(tmp_path: Path) -> Iterator[SqliteRecords]:
    opened = SqliteRecords(tmp_path / "records.sqlite")
    opened.upgrade()
    fill(opened, ROWS)
    yield opened
    opened.close()


@pytest.fixture
def target(new_postgresql_url: Callable[[], str]) -> Iterator[PostgresqlRecords]:
    opened = PostgresqlRecords(new_postgresql_url())
    yield opened
    opened.close()


def carried(source: EngineRecords, target: EngineRecords) -> dict[str, int]:
    return move(source, target, lambda *_: None)


def all_rows(records: EngineRecords) -> dict[str, list[tuple]]:
    def work(conn):
        return {t.name: sorted(map(repr, conn.execute(select(t)))) for t in all_tables()}

    return records.read_now(work)


def test_an_older_file_and_an_empty_one_are_counted_as_they_are(tmp_path: Path) -> None:
    """A dry run does not bring the file up to date first."""
    opened = SqliteRecords(tmp_path / "empty.sqlite")
    assert set(counts(opened).values()) == {0}
    opened.close()
    older = SqliteRecords(tmp_path / "older.sqlite")
    older.upgrade()
    fill(older, ROWS)
    older.write_now(lambda conn: conn.execute(text(f"DROP TABLE {audit.name}")))
    found = counts(older)
    assert (found[audit.name], found[documents.name]) == (0, ROWS)
    older.close()


def test_every_row_of_every_table_is_there_as_it_was(source, target) -> None:
    told = []
    moved = move(source, target, lambda *words: told.append(words))
    assert moved == counts(source)
    assert set(moved) == {table.name for table in all_tables()}
    assert all(moved.values())
    assert told[-1] == (sum(moved.values()), sum(moved.values()))
    assert all_rows(target) == all_rows(source)
    bare = target.read_now(lambda conn: conn.execute(text(BARE.format(OURS))).all())
    assert bare == [], "row-level security is in force"


def test_numbers_go_on_behind_all_that_were_ever_given(source, target) -> None:
    carried(source, target)
    target.write_now(lambda conn: changes.note(conn, "kind", "id"))
    assert target.read_now(changes.latest) == ROWS + 1
    row = {column.name: "" for column in audit.columns if column.name not in {"id", "at_us"}}
    target.write_now(lambda conn: conn.execute(insert(audit).values(at_us=1, **row)))
    newest = select(audit.c.id).where(audit.c.at_us == 1)
    assert target.read_now(lambda conn: conn.execute(newest).scalar_one()) == ROWS + 1


def test_once_more_changes_nothing_and_other_records_are_left_alone(source, target) -> None:
    assert carried(source, target) == carried(source, target)
    target.write_now(lambda conn: conn.execute(documents.delete()))
    before = all_rows(target)
    with pytest.raises(Conflict, match=r"name an empty one \(documents\)"):
        carried(source, target)
    assert all_rows(target) == before


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"name": "长" * 201}, "table users.*value too long"),
        ({"name": "a\x00b"}, "table users.*NUL"),
    ],
)
def test_a_row_that_postgresql_refuses_is_told_and_nothing_is_there(
    source, target, values, told
) -> None:
    row = {"id": "odd", "email": "odd@example.com", "role": "viewer", "disabled": False,
           "created_at_us": 1, **values}  # fmt: skip
    source.write_now(lambda conn: conn.execute(insert(users).values(row)))
    with pytest.raises(Conflict, match=told) as refused:
        carried(source, target)
    assert values["name"] not in str(refused.value)
    assert is_empty(target)


def test_a_table_that_nobody_knows_stops_it(source, target) -> None:
    source.write_now(lambda conn: conn.execute(text("CREATE TABLE stray (id INTEGER)")))
    with pytest.raises(Broken, match="stray"):
        carried(source, target)
    assert is_empty(target)


def test_kill_9_in_the_middle_leaves_nothing_and_again_all(source, target, tmp_path) -> None:
    body = {"revision": 1, "body": bytes(2_000), "at_us": 1}
    many = [{"name": f"a{number}", **body} for number in range(20_000)]
    source.write_now(lambda conn: conn.execute(insert(artifacts), many))
    url = target.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    file = tmp_path / "records.sqlite"
    command = [sys.executable, "-m", "tests.ports.records.records_mover", str(file), url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        while int(process.stdout.readline().split()[0]) < 3_000:
            assert is_empty(target)
        process.kill()
    assert is_empty(target)
    assert carried(source, target)["artifacts"] == ROWS + 20_000
    assert all_rows(target) == all_rows(source)


def is_empty(records: PostgresqlRecords) -> bool:
    tables = text(f"SELECT count(*) FROM pg_class WHERE relkind = 'r' AND {OURS}")
    return records.read_now(lambda conn: conn.execute(tables).scalar_one()) == 0
