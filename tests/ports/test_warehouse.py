"""The warehouse's promises, on the engine in process and over ClickHouse's HTTP interface."""

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from queqiao.kernel.errors import Broken, InvalidInput, Refused, Unavailable
from queqiao.ports.rpc.client import RpcClient
from queqiao.ports.rpc.server import RpcServer
from queqiao.ports.warehouse.base import Limits, Warehouse
from queqiao.ports.warehouse.clickhouse import open_warehouse
from queqiao.ports.warehouse.remote import RemoteWarehouse, methods

LIMITS = Limits(query_seconds_max=1, query_rows_max=1000, query_bytes_max=100_000_000)
FACE = Path(__file__).parent / "clickhouse_face.py"
DDL = """CREATE TABLE fact (offset UInt64, word LowCardinality(String),
 at DateTime64(6, 'UTC'), tags Array(String)) ENGINE = MergeTree ORDER BY offset
 SETTINGS fsync_after_insert = 1"""


def facts(*rows: tuple[int, str, int, list[str]]) -> pa.Table:
    offsets, words, times, tags = zip(*rows, strict=True)
    return pa.table(
        {
            "offset": pa.array(offsets, pa.uint64()),
            "word": pa.array(words),
            "at": pa.array(times, pa.timestamp("us", tz="UTC")),
            "tags": pa.array(tags, pa.list_(pa.string())),
        }
    )


@pytest.fixture
def face_port(tmp_path):
    command = [sys.executable, str(FACE), str(tmp_path / "warehouse")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as face:
        yield int(face.stdout.readline())
        face.stdin.close()


@pytest.fixture(params=["in_process", "over_http"])
def warehouse(request, tmp_path):
    if request.param == "in_process":
        opened = open_warehouse(f"chdb://{tmp_path}/warehouse", LIMITS)
    else:
        port = request.getfixturevalue("face_port")
        opened = open_warehouse(f"clickhouse://127.0.0.1:{port}/default", LIMITS)
    yield opened
    opened.close()


async def test_what_is_inserted_is_seen_with_plain_values(warehouse: Warehouse) -> None:
    await warehouse.command(DDL)
    await warehouse.insert(
        "fact", facts((1, "鹊桥", 1_700_000_000_123_456, ["a", "b"]), (2, "", 0, []))
    )
    table = await warehouse.query("SELECT * FROM fact ORDER BY offset")
    assert table.columns == ["offset", "word", "at", "tags"]
    assert table.rows == [[1, "鹊桥", 1_700_000_000_123_456, ["a", "b"]], [2, "", 0, []]]


async def test_cells_are_plain(warehouse: Warehouse) -> None:
    sql = """SELECT NULL, true, -1, 0.5, toDecimal64('1.10', 2), toDate('2026-06-18'),
        toDateTime(1, 'UTC')"""
    expected = [None, True, -1, 0.5, "1.10", "2026-06-18", 1_000_000]
    assert (await warehouse.query(sql)).rows == [expected]


@pytest.mark.parametrize(
    "text",
    ["it's", 'say "no"', "back\\slash", "line\nbreak\ttab", "'; DROP TABLE fact; --", "鹊", ""],
)
async def test_a_parameter_is_a_value_and_never_sql(warehouse: Warehouse, text: str) -> None:
    sql = "SELECT {text:String}, {texts:Array(String)}, {number:Int64}"
    table = await warehouse.query(sql, {"text": text, "texts": [text, "x"], "number": -(2**53)})
    assert table.rows == [[text, [text, "x"], -(2**53)]]


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


async def test_a_statement_that_makes_no_sense_is_our_defect(warehouse: Warehouse) -> None:
    with pytest.raises(Broken):
        await warehouse.query("SELECT nothing FROM nowhere")
    with pytest.raises(Broken):
        await warehouse.command("CREATE NONSENSE")


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
