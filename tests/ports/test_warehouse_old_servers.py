"""What the warehouse relies on when servers keep it together, on real ones of 2018.

``one`` stands for the replica that the URL names. Its settings are those that our connections set,
as far as it knows them.
"""

import signal
import threading
import time

import pytest
from tests.ports.clickhouse_old import OldServer, Refused, old_replicas  # noqa: F401  # a fixture

from queqiao.kernel.errors import Unavailable
from queqiao.ports.warehouse import replicas
from queqiao.ports.warehouse.faults import fault_of

pytestmark = pytest.mark.engines
SETTINGS = {**replicas.settings(2), "insert_quorum_timeout": 2000}
QUORUM_NOT_MET, TOO_FEW = 319, 285


@pytest.fixture
def pair(old_replicas: tuple[OldServer, OldServer]) -> tuple[OldServer, OldServer]:  # noqa: F811
    made = replicas.made("CREATE TABLE t (x UInt64) ENGINE = MergeTree ORDER BY x")
    for number, server in enumerate(old_replicas):
        # It has no default place for a table, nor a name for a replica.
        server.ask(made.replace("MergeTree", f"MergeTree('/tables/t', '{number}')"))
    return old_replicas


def held(server: OldServer, x: int, **settings: object) -> int:
    return int(server.ask(f"SELECT count() FROM t WHERE x = {x}", settings))


def waits(server: OldServer, x: int) -> int:
    """Insert where a replica does not answer; return the code that came, which is to wait for."""
    with pytest.raises(Refused) as refused:
        server.ask(f"INSERT INTO t VALUES ({x})", SETTINGS)
    error = RuntimeError(str(refused.value))
    error.code = refused.value.code
    assert isinstance(fault_of(error), Unavailable)
    return refused.value.code


def eventually(holds) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.1)


def test_an_acknowledged_row_is_on_the_other_replica_at_once(pair) -> None:
    one, other = pair
    for x in range(30):
        one.ask(f"INSERT INTO t VALUES ({x})", SETTINGS)
        assert held(other, x) == 1


def test_a_lost_answer_is_seen_where_it_was_given_and_not_by_a_sequential_question(pair) -> None:
    one, other = pair
    other.process.send_signal(signal.SIGSTOP)
    assert waits(one, 1) == QUORUM_NOT_MET
    assert held(one, 1) == 1, "the loader leaves it out when it writes the rest"
    assert held(one, 1, select_sequential_consistency=1) == 0, "so asked, it would write it twice"
    eventually(lambda: one.ask("SELECT active_replicas FROM system.replicas") == "1")
    assert waits(one, 2) == TOO_FEW
    assert held(one, 2) == 0, "nothing is written where too few are there"
    other.process.send_signal(signal.SIGCONT)
    eventually(lambda: one.ask("SELECT active_replicas FROM system.replicas") == "2")
    eventually(lambda: held(other, 1) == 1)
    one.ask("INSERT INTO t VALUES (2)", SETTINGS)
    assert held(other, 2) == 1


def test_what_was_deleted_is_inserted_again_and_not_dropped_as_a_duplicate(pair) -> None:
    one, _ = pair
    one.ask("INSERT INTO t VALUES (1)", SETTINGS | {"insert_deduplicate": 1})
    one.ask("ALTER TABLE t DELETE WHERE x = 1")

    def gone() -> bool:
        one.ask("INSERT INTO t VALUES (2)", SETTINGS)  # which has it look at the change
        return held(one, 1) == 0

    eventually(gone)
    one.ask("INSERT INTO t VALUES (1)", SETTINGS | {"insert_deduplicate": 1})
    assert held(one, 1) == 0, "the server's own way: why ours is another"
    one.ask("INSERT INTO t VALUES (1)", SETTINGS)
    assert held(one, 1) == 1


def test_the_other_replica_has_all_that_a_killed_one_acknowledged(pair) -> None:
    one, other = pair
    acknowledged: list[int] = []

    def load() -> None:
        for x in range(100_000):
            try:
                one.ask(f"INSERT INTO t VALUES ({x})", SETTINGS)
            except OSError:
                return
            acknowledged.append(x)

    loading = threading.Thread(target=load)
    loading.start()
    eventually(lambda: len(acknowledged) > 20)
    one.process.kill()
    loading.join()
    rows = {int(x) for x in other.ask("SELECT x FROM t").split()}
    assert set(acknowledged) <= rows
    assert len(rows) <= len(acknowledged) + 1, "and what was under way, at most"
