"""A database on several servers: what can be tried of it with the engine in process."""

from types import SimpleNamespace

import pytest
from tests.ports.clickhouse_replicas import new_replica, zookeeper_port  # noqa: F401  # fixtures

from queqiao.kernel.errors import InvalidInput, Unavailable
from queqiao.measure import series_table
from queqiao.ports.warehouse import replicas
from queqiao.ports.warehouse.clickhouse import open_warehouse
from queqiao.ports.warehouse.faults import fault_of
from queqiao.process import erasure, rollups
from queqiao.process.backfill import PREFIX, TABLES
from queqiao.process.ddl import FACTS, LATE_ROWS, TIER, WATERMARK, history

TABLE_STATEMENTS = [
    *(table.create for table in (*FACTS, WATERMARK, TIER, LATE_ROWS)),
    *(cube.create for cube in rollups.CUBES),
    rollups._CREATE_BLOCKS,
    series_table.CREATE,
    erasure._CREATE_IDS,
]
CHANGES = erasure._statements(
    "offset <= 5 AND ", "offset <= 5 AND user_id IN (SELECT id FROM erasing)"
)
SYNC = "SETTINGS mutations_sync = 2"
NOT_DETERMINISTIC = "allow_nondeterministic_mutations"


class Server:
    """A connection whose answers are given, by a word of the question."""

    def __init__(self, **answers) -> None:
        self.answers = answers
        self.server_settings = {"insert_quorum": 1, "insert_deduplicate": 1}
        self.set: dict[str, object] = {}

    def query(self, sql: str):
        word = next(word for word in self.answers if word in sql)
        return SimpleNamespace(result_rows=[(self.answers[word],)])

    def set_client_setting(self, name: str, value: object) -> None:
        self.set[name] = value


def test_tables_are_made_of_replicated_engines_and_nothing_else_is() -> None:
    for statement in TABLE_STATEMENTS:
        assert " ENGINE = Replicated" in replicas.made(statement)
    assert "ReplicatedReplacingMergeTree(stored_at)" in replicas.made(series_table.CREATE)
    for statement in ("CREATE TABLE x (a Int8) ENGINE = Memory", history()[0], *CHANGES):
        assert replicas.made(statement) == statement


async def test_the_engine_reads_every_statement_of_a_replicated_database(tmp_path) -> None:
    opened = open_warehouse(f"chdb://{tmp_path}/warehouse")
    exchanges = [f"EXCHANGE TABLES {name} AND {PREFIX}{name}" for name in TABLES]
    for statement in (*TABLE_STATEMENTS, *CHANGES, *exchanges, history()[0]):
        await opened.command(f"EXPLAIN AST {replicas.made(statement)}")
    opened.close()


def test_the_engine_of_the_database_tells_whether_servers_keep_it() -> None:
    assert replicas.count(Server(**{"system.databases": 0})) == 0
    kept = {"system.databases": 1, "system.clusters": 2}
    assert replicas.count(Server(**kept)) == 2
    with pytest.raises(Unavailable):
        replicas.count(Server(**kept | {"system.clusters": 0}))


def test_an_insert_is_acknowledged_by_every_replica_and_never_dropped_as_a_duplicate() -> None:
    server = Server()
    replicas.set_up(server, 3)
    assert server.set == {"insert_quorum": 3, "insert_deduplicate": 0}, "what the server knows"
    assert replicas.settings(2)["deduplicate_insert"] == "disable"


def test_all_connections_are_to_one_replica() -> None:
    one, other = Server(serverUUID="a"), Server(serverUUID="b")
    replicas.check_one_server([one, one])
    with pytest.raises(InvalidInput, match="name one of them"):
        replicas.check_one_server([one, other, one])


async def test_the_settings_are_those_that_the_engine_knows(tmp_path) -> None:
    opened = open_warehouse(f"chdb://{tmp_path}/warehouse")
    for name, value in replicas.settings(2).items():
        await opened.command(f"SET {name} = {value!r}")
    opened.close()


@pytest.mark.parametrize("code", [225, 236, 242, 252, 285, 286, 319, 341, 999])
def test_replicas_that_are_away_are_waited_for(code) -> None:
    class Said(Exception):
        pass

    error = Said("too few live replicas")
    error.code = code
    assert isinstance(fault_of(error), Unavailable)


@pytest.mark.engines
def test_two_replicas_agree_on_every_table(new_replica) -> None:  # noqa: F811
    tables = [replicas.made(statement) for statement in TABLE_STATEMENTS]
    for name in ("one", "other"):
        made = new_replica(name)(["CREATE DATABASE queqiao", "USE queqiao", *tables])
        assert [error for _, error in made if error] == [], name
    answers = new_replica("one")(
        [
            "SELECT count(), min(total_replicas), max(total_replicas) FROM system.replicas",
            "SELECT table, engine_full FROM system.tables WHERE database = 'queqiao'",
        ]
    )
    assert answers[0] == (f"{len(tables)}\t2\t2\n", "")


@pytest.mark.engines
def test_another_table_is_refused_to_a_second_replica(new_replica) -> None:  # noqa: F811
    """So that the one above can fail."""
    made = replicas.made("CREATE TABLE t (x UInt64) ENGINE = MergeTree ORDER BY x")
    (one,) = new_replica("one")([made])
    (other,) = new_replica("other")([made.replace("UInt64", "Int64")])
    assert one[1] == ""
    assert "INCOMPATIBLE_COLUMNS" in other[1]


@pytest.mark.engines
def test_a_change_that_asks_another_table_needs_leave(new_replica) -> None:  # noqa: F811
    run = new_replica("one")
    tables = [replicas.made(statement) for statement in TABLE_STATEMENTS]
    run(["CREATE DATABASE queqiao", "USE queqiao", *tables, history()[0]])
    changes = [f"{change} {SYNC}" for change in CHANGES]
    leave = f"SET {NOT_DETERMINISTIC} = {replicas.settings(1)[NOT_DETERMINISTIC]}"
    answers = run(["USE queqiao", *changes, leave, *changes])[1:]
    without, with_leave = answers[: len(changes)], answers[len(changes) + 1 :]
    assert all(NOT_DETERMINISTIC in error for _, error in without), without
    assert all("Cannot assign mutation" in error for _, error in with_leave), with_leave
