"""The records on PostgreSQL where only a server can fail, tell, or let others in."""

import asyncio
import time
from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import insert, select
from tests.ports.postgresql import Cluster
from tests.ports.records.conftest import NOW_US

from queqiao.catalog.tables import products, skus
from queqiao.kernel.errors import InvalidInput, Unavailable
from queqiao.ports.records import changes, documents
from queqiao.ports.records.audit import SYSTEM
from queqiao.ports.records.postgresql import PostgresqlRecords
from queqiao.ports.records.postgresql_server import Report, check, look
from queqiao.ports.records.tables import documents as documents_table
from queqiao.profile.contracts import SEGMENT, default_segments
from queqiao.wiring.changes import Follower

pytestmark = pytest.mark.postgresql

BACK_WITHIN_S = 60
CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'queqiao'"
TABLES = """SELECT relname FROM pg_class
 WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A server that the tests kill."""
    made = Cluster()
    yield made
    made.stop()


@pytest.fixture
def url(postgresql_cluster, new_postgresql_url) -> str:
    return new_postgresql_url()


@pytest.fixture
def records(url: str) -> Iterator[PostgresqlRecords]:
    opened = PostgresqlRecords(url)
    opened.upgrade()
    yield opened
    opened.close()


async def test_the_server_tells_and_nobody_has_to_look(records, monkeypatch) -> None:
    """With looking made rare, only LISTEN can be why it is quick."""
    monkeypatch.setattr("queqiao.ports.records.listening.LATEST_S", 30.0)
    feed = records.feed()
    await feed.wait()
    took_s = []
    for _ in range(5):
        waiting = asyncio.create_task(feed.wait())
        await asyncio.sleep(0.05)
        assert not waiting.done()
        began = time.monotonic()
        await records.write(lambda conn: changes.note(conn, "kind", "id"))
        await waiting
        took_s.append(time.monotonic() - began)
    assert sorted(took_s)[2] < 0.5
    await feed.close()


async def test_a_follower_misses_nothing_over_a_cut_line_and_a_killed_server(cluster) -> None:
    url = cluster.new_database("feed")
    writer = PostgresqlRecords(url)
    writer.upgrade()
    reader, seen, stop = PostgresqlRecords(url), [], asyncio.Event()
    follower = Follower(reader)

    async def rebuild() -> None:
        seen.append(reader.read_now(changes.latest))

    follower.on("kind/", rebuild)
    following = asyncio.create_task(follower.run(stop))
    for fault in (None, "cut", "kill", None):
        if fault == "cut":
            cluster.run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'queqiao'"
            )
        if fault == "kill":
            cluster.kill()
            await asyncio.sleep(0.5)
            await asyncio.to_thread(cluster.start)
        version = await written(writer)
        began = time.monotonic()
        while not seen or seen[-1] < version:
            assert time.monotonic() - began < (1.5 if fault is None else 5)
            await asyncio.sleep(0.01)
    stop.set()
    await following
    writer.close()
    reader.close()


async def written(records: PostgresqlRecords) -> int:
    """Write until the server takes it; a write that was not acknowledged may come twice."""
    began = time.monotonic()
    while True:
        try:
            return await records.write(
                lambda conn: (changes.note(conn, "kind", "id"), changes.latest(conn))[1]
            )
        except Unavailable:
            assert time.monotonic() - began < BACK_WITHIN_S
            await asyncio.sleep(0.05)


async def test_kill_9_of_the_server_under_writes_loses_nothing_acknowledged(cluster) -> None:
    records = PostgresqlRecords(cluster.new_database("killed"))
    records.upgrade()
    acknowledged: set[int] = set()

    async def write() -> None:
        while True:
            acknowledged.add(await written(records))

    writers = [asyncio.create_task(write()) for _ in range(4)]
    for _ in range(3):
        goal = len(acknowledged) + 100
        while len(acknowledged) < goal:  # noqa: ASYNC110  # a count of answers, not a moment
            await asyncio.sleep(0.01)
        cluster.kill()
        began = time.monotonic()
        await asyncio.to_thread(cluster.start)
        await written(records)
        assert time.monotonic() - began < BACK_WITHIN_S
    for writer in writers:
        writer.cancel()
    for ended in await asyncio.gather(*writers, return_exceptions=True):
        assert isinstance(ended, asyncio.CancelledError), ended
    known = {change.version for change in records.changes_since(0)}
    assert known >= acknowledged
    records.close()


def test_every_table_is_closed_to_other_roles(records) -> None:
    """A later migration that forgets a table of its own fails here."""
    with records.engine.connect() as conn:
        assert conn.exec_driver_sql(f"{TABLES} AND NOT relrowsecurity").scalars().all() == []


@pytest.fixture
def shop_of_two(records) -> PostgresqlRecords:
    """Goods of two shops, a segment, a webhook, a user."""

    def fill(conn) -> None:
        for shop in ("Lan", "Mei"):
            goods = {"product_id": shop, "name": shop, "shop": shop, "categories": "[]"}
            conn.execute(
                insert(products).values(**goods, tags="[]", search_text="", updated_at_us=1)
            )
            sku = {"sku": f"{shop}-1", "product_id": shop, "place": 0, "currency": "CNY"}
            conn.execute(insert(skus).values(**sku, price_minor=1, attributes="{}"))
        edit = documents.Edit(SYSTEM, NOW_US, "test")
        name, document = next(iter(default_segments().items()))
        documents.create(conn, SEGMENT, name, document, edit)
        row = conn.execute(select(documents_table)).mappings().one()
        conn.execute(insert(documents_table).values({**row, "kind": "webhook", "id": "secret"}))

    records.write_now(fill)
    return records


def test_a_lesser_database_role_sees_what_the_policies_open_and_nothing_else(
    postgresql_cluster: Cluster, url: str, shop_of_two: PostgresqlRecords
) -> None:
    """All of them were granted everything; the rows still stay hidden."""
    database = url.split("@/")[1].split("?", maxsplit=1)[0]
    roles = ("nobody_here", "analyst", "lan_merchant")
    groups = ("queqiao_reader", '"shop:Lan"')
    try:
        postgresql_cluster.run(
            *(f"CREATE ROLE {name} LOGIN" for name in roles),
            *(f"CREATE ROLE {name}" for name in groups),
            "GRANT queqiao_reader TO analyst",
            'GRANT "shop:Lan" TO lan_merchant',
            *(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {name}" for name in roles),
            *(f"GRANT USAGE ON SCHEMA public TO {name}" for name in roles),
            database=database,
        )
        seen = {name: visible(postgresql_cluster, database, name) for name in roles}
        assert seen["nobody_here"] == {}
        assert seen["analyst"] == {
            "products": 2, "skus": 2, "documents": 1, "document_revisions": 1,
        }  # fmt: skip
        assert seen["lan_merchant"] == {"products": 1, "skus": 1}
        with postgresql_cluster.connect(database, "lan_merchant") as conn:
            assert conn.execute("SELECT sku FROM skus").fetchall() == [("Lan-1",)]
            assert conn.execute("UPDATE products SET name = 'x'").rowcount == 0
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute("INSERT INTO changes (version, kind, id) VALUES (99, 'a', 'b')")
    finally:
        postgresql_cluster.run(*(f"DROP OWNED BY {name}" for name in roles), database=database)
        postgresql_cluster.run(*(f"DROP ROLE {name}" for name in (*roles, *groups)))


def visible(cluster: Cluster, database: str, role: str) -> dict[str, int]:
    """Return how many rows of each table the role sees, where it sees any."""
    with cluster.connect(database) as conn:
        tables = [name for (name,) in conn.execute(TABLES)]
    with cluster.connect(database, role) as conn:
        counts = {
            name: conn.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables
        }
    return {name: found for name, found in counts.items() if found}


def test_a_server_that_is_well_is_told(url: str) -> None:
    report = look(url)
    assert report.role == "queqiao"
    assert abs(report.clock_ahead_s) < 1
    assert "PostgreSQL" in report.words().en


def test_what_keeps_the_records_from_a_server_names_the_setting_and_the_cure(
    postgresql_cluster: Cluster, url: str, records: PostgresqlRecords
) -> None:
    database = url.split("@/")[1].split("?", maxsplit=1)[0]
    host = postgresql_cluster.folder
    postgresql_cluster.run("CREATE ROLE weak LOGIN")
    try:
        for wrong, words in (
            (f"postgresql://queqiao@/{database}?host=/nonexistent", "does not answer"),
            ("postgresql://queqiao:secret@127.0.0.1:9/x", "does not answer"),
            (f"postgresql://queqiao@/missing?host={host}", "CREATE DATABASE"),
            (f"postgresql://stranger@/{database}?host={host}", "user or password"),
            (f"postgresql://weak@/{database}?host={host}", "may not make tables"),
            (f"postgresql://weak@/{database}?host={host}", "connect as queqiao"),
        ):
            with pytest.raises((InvalidInput, Unavailable), match=words) as told:
                look(wrong)
            assert "records" in str(told.value)
            assert "secret" not in str(told.value)
    finally:
        postgresql_cluster.run("DROP ROLE weak")


def test_a_wrong_password_is_told_as_one(cluster: Cluster) -> None:
    url = cluster.new_database("guarded")
    cluster.run("ALTER ROLE queqiao PASSWORD 'right'")
    rules = cluster.folder / "data" / "pg_hba.conf"
    before = rules.read_text()
    rules.write_text("local guarded queqiao scram-sha-256\n" + before)
    cluster.run("SELECT pg_reload_conf()")
    try:
        for password in ("", ":wrong"):
            with pytest.raises(InvalidInput, match="user or password"):
                look(url.replace("queqiao@", f"queqiao{password}@"))
        assert look(url.replace("queqiao@", "queqiao:right@")).role == "queqiao"
    finally:
        rules.write_text(before)
        cluster.run("SELECT pg_reload_conf()")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"version": 13_0015}, "must be PostgreSQL 14"),
        ({"is_standby": True}, "give the primary's address"),
        ({"encoding": "SQL_ASCII"}, "must be UTF8"),
    ],
)
def test_a_server_that_cannot_serve_is_refused(changed, words) -> None:
    well = {
        "version": 15_0018, "role": "queqiao", "schema": "public", "is_standby": False,
        "encoding": "UTF8", "clock_ahead_s": 0.0, "may_create": True, "others_own": None,
    }  # fmt: skip
    check(Report(**well))
    with pytest.raises(InvalidInput, match=words):
        check(Report(**{**well, **changed}))
