"""The warehouse's promises, on the engine in process and over ClickHouse's HTTP interface."""

import asyncio
from typing import Any

import pyarrow as pa
import pytest
from tests.ports.clickhouse_server import face_port  # noqa: F401  # a fixture

from queqiao.kernel.clock import SystemClock
from queqiao.kernel.errors import Broken, InvalidInput, Refused, Unavailable
from queqiao.measure.series_table import TABLE, Batch, PointsWriter, StoredPoint
from queqiao.ports.rpc.client import RpcClient
from queqiao.ports.rpc.server import RpcServer
from queqiao.ports.warehouse.base import Limits, Warehouse
from queqiao.ports.warehouse.clickhouse import open_warehouse
from queqiao.ports.warehouse.clickhouse_server import look, refusal
from queqiao.ports.warehouse.laws import facts, laws
from queqiao.ports.warehouse.remote import RemoteWarehouse, methods

LIMITS = Limits(query_seconds_max=1, query_rows_max=1000, query_bytes_max=100_000_000)
DDL = """CREATE TABLE fact (offset UInt64, word LowCardinality(String),
 at DateTime64(6, 'UTC'), tags Array(String)) ENGINE = MergeTree ORDER BY offset
 SETTINGS fsync_after_insert = 1"""


@pytest.fixture(params=["in_process", "over_http"])
def warehouse(request, tmp_path):
    if request.param == "in_process":
        opened = open_warehouse(f"chdb://{tmp_path}/warehouse", LIMITS)
    else:
        port = request.getfixturevalue("face_port")
        opened = open_warehouse(f"clickhouse://127.0.0.1:{port}/default", LIMITS)
    yield opened
    opened.close()


async def test_the_laws_hold(warehouse: Warehouse) -> None:
    for law in laws(warehouse):
        await law.check()


async def test_a_query_cannot_write(warehouse: Warehouse) -> None:
    await warehouse.command(DDL)
    for sql in ("INSERT INTO fact (offset) VALUES (1)", "DROP TABLE fact", "SET readonly = 0"):
        with pytest.raises(Refused) as refusal:
            await warehouse.query(sql)
        assert refusal.value.reason == "read_only"
    assert (await warehouse.query("SELECT count() FROM fact")).rows == [[0]]


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT number FROM numbers(2000)", "query_too_many_rows"),
        ("SELECT groupArray(number) FROM numbers(100000000)", "query_too_much_memory"),
        (
            "SELECT count() FROM numbers(1000000000000) WHERE cityHash64(number) = 1",
            "query_too_slow",
        ),
    ],
)
async def test_a_query_is_bounded(warehouse: Warehouse, sql: str, reason: str) -> None:
    with pytest.raises(Refused) as refusal:
        await warehouse.query(sql)
    assert refusal.value.reason == reason
    assert (await warehouse.query("SELECT 1")).rows == [[1]]


async def test_an_answer_that_was_cut_off_spoils_no_other(warehouse: Warehouse) -> None:
    """Asked at once, over the same few handles: what is too long is refused, the rest is right."""

    async def too_long() -> None:
        for _ in range(20):
            with pytest.raises(Refused):
                await warehouse.query("SELECT number FROM numbers(300000)")

    async def short() -> list[list[Any]]:
        found = [await warehouse.query("SELECT 7, 'seven'") for _ in range(60)]
        return [row for table in found for row in table.rows]

    answers = await asyncio.gather(too_long(), short(), short())
    assert answers[1] == answers[2] == [[7, "seven"]] * 60


async def test_a_statement_that_makes_no_sense_is_our_defect(warehouse: Warehouse) -> None:
    with pytest.raises(Broken):
        await warehouse.query("SELECT nothing FROM nowhere")
    with pytest.raises(Broken):
        await warehouse.command("CREATE NONSENSE")


async def test_a_server_is_told_which_inserts_it_may_gather(face_port) -> None:  # noqa: F811
    opened = open_warehouse(f"clickhouse://127.0.0.1:{face_port}/default")
    told = [
        f"{name} String DEFAULT toString(getSetting('{name}'))"
        for name in ("async_insert", "wait_for_async_insert")
    ]
    await opened.command("CREATE TABLE alone (x UInt64) ENGINE = MergeTree ORDER BY x")
    writer = PointsWriter(opened, SystemClock())
    await writer.open()
    for table in ("alone", TABLE):
        for column in told:
            await opened.command(f"ALTER TABLE {table} ADD COLUMN {column}")
    await opened.insert("alone", pa.table({"x": [1]}))
    await writer.store(
        Batch([StoredPoint("n", "{}", "gauge", SystemClock().now_us() // 1000, 0.5)])
    )
    asked = "SELECT async_insert, wait_for_async_insert FROM "
    assert (await opened.query(f"{asked} alone")).rows == [["false", "true"]]
    assert (await opened.query(f"{asked} {TABLE}")).rows == [["true", "true"]]
    opened.close()


async def test_rows_outlive_the_process(tmp_path) -> None:
    for expected in (1, 2):
        opened = open_warehouse(f"chdb://{tmp_path}/warehouse")
        await opened.command(DDL.replace("TABLE", "TABLE IF NOT EXISTS"))
        await opened.insert("fact", facts((expected, "x", 0, [])))
        assert (await opened.query("SELECT count() FROM fact")).rows == [[expected]]
        opened.close()


async def test_other_roles_ask_by_rpc_and_only_read(tmp_path) -> None:
    owner = open_warehouse(f"chdb://{tmp_path}/warehouse")
    server, client = RpcServer(methods(owner)), RpcClient(tmp_path / "analytics.sock")
    await server.serve(tmp_path / "analytics.sock")
    remote = RemoteWarehouse(client)
    assert (await remote.query("SELECT {n:Int64} + 1 AS m, 'a'", {"n": 1})).rows == [[2, "a"]]
    with pytest.raises(Refused):
        await remote.query("CREATE TABLE x (a Int8) ENGINE = Memory")
    with pytest.raises(Refused):
        await remote.insert("x", facts((1, "", 0, [])))
    with pytest.raises(Refused):
        await remote.command("DROP TABLE x")
    await client.close()
    await server.close()
    owner.close()


def test_a_url_of_another_kind_names_the_cure() -> None:
    with pytest.raises(InvalidInput, match="clickhouse://host"):
        open_warehouse("postgresql://localhost/x")


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        open_warehouse("clickhouse://127.0.0.1:9/default")


def test_a_server_is_looked_at(face_port) -> None:  # noqa: F811
    report = look(f"clickhouse://127.0.0.1:{face_port}/default")
    assert report.version[0].isdigit()
    assert abs(report.clock_ahead_s) < 1


@pytest.mark.parametrize(
    ("code", "words"),
    [(516, "user or password"), (81, "CREATE DATABASE"), (497, "GRANT ALL"), (999, "(999)")],
)
def test_what_keeps_the_warehouse_from_a_server_names_the_setting_and_the_cure(code, words) -> None:
    told = str(refusal(code, "clickhouse://u:secret@host/x"))
    assert words in told
    assert "warehouse" in told
    assert "secret" not in told


def test_a_server_that_is_away_names_the_setting() -> None:
    with pytest.raises(Unavailable, match=r"\[ports\] warehouse: ClickHouse at 127.0.0.1:9"):
        look("clickhouse://127.0.0.1:9/default")
