"""``queqiao verify engine``: each law a line, and exit code 1 where one does not hold."""

import json
from importlib import import_module

import psycopg
import pytest
import redis
from tests.ports.clickhouse_server import face_port  # noqa: F401  # a fixture
from tests.ports.postgresql import new_postgresql_url, postgresql_cluster  # noqa: F401  # fixtures
from tests.system.commands import queqiao

from queqiao.kernel.errors import InvalidInput, Message, Unavailable
from queqiao.ports.laws import Law, LawBroken, equal, fails
from queqiao.ports.profile_rows.hbase_server import Place, Sessions
from queqiao.wiring.settings import Settings
from queqiao.wiring.verification import examine
from queqiao.wiring.verification.engines import ENGINES, url_of


def verify(*arguments: str, timeout_s: float = 120):
    return queqiao("verify", "engine", *arguments, timeout_s=timeout_s)


def test_every_engine_has_laws_and_says_what_it_does_not_try() -> None:
    for name, engine in ENGINES.items():
        module = import_module(engine.module)
        assert module.NOT_TRIED.zh
        assert callable(module.laws)
        assert engine.example.startswith(engine.schemes), name


def test_the_laws_of_the_warehouse_hold_over_http(face_port, tmp_path) -> None:  # noqa: F811
    url = f"clickhouse://127.0.0.1:{face_port}/default"
    told = verify("clickhouse", "--url", url, "--home", str(tmp_path / "home"), "--json")
    assert told.returncode == 0, told.stdout
    outcomes = json.loads(told.stdout)
    assert len(outcomes) > 5
    assert all(outcome["holds"] for outcome in outcomes)


@pytest.mark.postgresql
def test_the_laws_of_the_records_hold_and_leave_nothing_behind(
    postgresql_cluster,  # noqa: F811
    new_postgresql_url,  # noqa: F811
    tmp_path,
) -> None:
    url = new_postgresql_url()
    told = verify("postgresql", "--url", url, "--home", str(tmp_path / "home"), "--json")
    assert told.returncode == 0, told.stdout
    assert len(json.loads(told.stdout)) == 8
    with psycopg.connect(url) as conn:
        query = "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'queqiao_verify%'"
        assert conn.execute(query).fetchone() == (0,)


@pytest.mark.engines
@pytest.mark.parametrize("engine", ["redis", "valkey"])
def test_the_laws_of_the_ledger_hold_and_leave_nothing_behind(engine, tmp_path, request) -> None:
    url = request.getfixturevalue(f"{engine}_url")
    told = verify("redis", "--url", url, "--home", str(tmp_path / "home"), "--json")
    assert told.returncode == 0, told.stdout
    laws = 1 + 14 + 14  # the server's own, the ledger's, those of live rows
    assert len(json.loads(told.stdout)) == laws
    with redis.Redis.from_url(url) as client:
        assert list(client.scan_iter("{queqiao-verify*")) == []


@pytest.mark.engines
def test_the_laws_of_profile_rows_hold_and_leave_no_table_behind(hbase_thrift, tmp_path) -> None:
    url = f"hbase://{hbase_thrift}/queqiao"
    told = verify("hbase", "--url", url, "--home", str(tmp_path / "home"), "--json")
    assert told.returncode == 0, told.stdout
    assert len(json.loads(told.stdout)) == 1 + 14
    place = Place.of(url)
    sessions = Sessions(place)
    left = sessions.ask(lambda client: client.getTableNamesByPattern(".*_verify_.*", False))
    sessions.close()
    assert left == []


@pytest.mark.engines
@pytest.mark.timeout(600)
@pytest.mark.parametrize("engine", ["spark", "flink"])
def test_the_laws_of_transforms_hold(engine, tmp_path, request) -> None:
    url = f"{engine}:{request.getfixturevalue(f'{engine}_python')}"
    home = str(tmp_path / "home")
    told = verify(engine, "--url", url, "--home", home, "--json", timeout_s=580)
    assert told.returncode == 0, told.stdout
    assert len(json.loads(told.stdout)) == 11


@pytest.mark.parametrize("engine", ["spark", "flink"])
def test_an_environment_that_is_not_there_is_told_with_its_cure(engine, tmp_path) -> None:
    told = verify(engine, "--url", f"{engine}:/nowhere/python", "--home", str(tmp_path))
    assert told.returncode == 1
    assert "pip install" in told.stdout


def test_a_server_that_is_not_there_is_a_law_that_does_not_hold(tmp_path) -> None:
    told = verify("clickhouse", "--url", "clickhouse://127.0.0.1:9/x", "--home", str(tmp_path))
    assert told.returncode == 1
    assert "✗" in told.stdout


async def test_a_broken_law_says_what_was_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    async def wrong() -> None:
        equal(2, 1, "the count")

    async def away() -> None:
        raise Unavailable

    for check, words in ((wrong, "the count: 2, not 1"), (away, Unavailable.title.en)):
        outcome = await examine._tried(Law(Message("律", "a law"), check))
        assert not outcome.holds
        assert outcome.seen.en == words


async def test_a_call_that_should_fail_and_does_not_is_a_broken_law() -> None:
    async def answer() -> int:
        return 1

    with pytest.raises(LawBroken, match="answered 1 where Unavailable was due"):
        await fails(Unavailable, answer(), "a call")


def test_a_url_of_another_engine_names_the_cure(tmp_path) -> None:
    with pytest.raises(InvalidInput, match="--url clickhouse://"):
        url_of("clickhouse", None, Settings(home=tmp_path))
    with pytest.raises(InvalidInput, match="--url clickhouse://"):
        url_of("clickhouse", "redis://x", Settings(home=tmp_path))
