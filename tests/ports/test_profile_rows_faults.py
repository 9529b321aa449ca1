"""Profile rows where the store fails: killed, away, hanging, full, wrong, of few rights."""

import asyncio
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.ports.redis_servers import Server, free_port
from tests.ports.row_faults import Writers, decides_in_time, fill, stopped
from tests.small_disk import small_disk

from queqiao.kernel.errors import InvalidInput, StorageFull, Unavailable
from queqiao.ports.profile_rows import redis_server
from queqiao.ports.profile_rows.base import Family
from queqiao.ports.profile_rows.laws import FAMILIES, laws, values
from queqiao.ports.profile_rows.redis import RedisRows
from queqiao.ports.profile_rows.sqlite import SqliteRows
from queqiao.wiring import row_stores

WRITER = Path(__file__).parent / "row_endless_writer.py"


@pytest.fixture(params=["redis", "valkey"])
def server(request, tmp_path):
    started = Server(request.param, tmp_path).start()
    yield started
    started.kill()


@pytest.mark.engines
@pytest.mark.engines_ci
class TestRedis:
    async def test_kill_9_loses_nothing_that_was_answered(self, server):
        rows, chance = RedisRows(server.url, FAMILIES), random.Random(4)
        writers = Writers(rows)
        for _ in range(4):
            await writers.reach(chance.randint(50, 300))
            server.kill()
            server.start(ready=False)
        await writers.reach(50)
        await writers.end()
        assert writers.failed > 0
        await rows.close()
        after = RedisRows(server.url, FAMILIES)
        await writers.check(after)
        await after.close()

    async def test_a_server_that_is_away_is_named_with_the_cure(self):
        port = free_port()
        rows = RedisRows(f"redis://127.0.0.1:{port}/0", FAMILIES)
        with pytest.raises(
            Unavailable, match=rf"\[ports\] profile_rows: 127.0.0.1:{port} does not"
        ):
            await rows.get(["k"])
        with pytest.raises(Unavailable, match="start it, or mend the setting"):
            await redis_server.look(f"redis://127.0.0.1:{port}/0")
        await rows.close()

    async def test_one_that_hangs_costs_a_decision_its_deadline_only(self, server, monkeypatch):
        monkeypatch.setattr(redis_server, "ANSWER_WITHIN_S", 0.5)
        rows = RedisRows(server.url, FAMILIES)
        await rows.put({"k": {"a:x": b"1"}})
        with stopped(server.process.pid):
            await decides_in_time(rows)
            with pytest.raises(Unavailable, match="does not answer"):
                await rows.put({"k": {"a:x": b"2"}})
        assert "k" in await rows.get(["k"])
        await rows.close()

    async def test_a_caller_whose_time_is_over_is_let_go(self, server):
        rows = RedisRows(server.url, FAMILIES)

        async def write(name):
            while True:
                await rows.put({name: {"a:x": b"1"}})

        for _ in range(5):
            writing = [asyncio.create_task(write(f"w{one}")) for one in range(12)]
            await asyncio.sleep(0.2)
            for task in writing:
                task.cancel()
            _, left = await asyncio.wait(writing, timeout=5)
            assert left == set()
            assert all(task.cancelled() for task in writing)
        await rows.close()

    async def test_full_memory_refuses_writes_and_reads_go_on(self, server):
        with server.client() as client:
            client.config_set("maxmemory", "4mb")
        rows = RedisRows(server.url, FAMILIES)
        await rows.put({"first": {"a:x": b"1"}})
        with pytest.raises(StorageFull, match=r"\[ports\] profile_rows: .* raise maxmemory"):
            await fill(rows)
        assert values((await rows.get(["first"]))["first"]) == {"a:x": b"1"}
        await rows.close()

    async def test_too_few_rights_and_a_wrong_password_are_told(self, server):
        url = f"redis://reader:secret@127.0.0.1:{server.port}/0"
        with server.client() as client:
            client.execute_command("ACL", "SETUSER", "reader", "on", ">secret", "~*", "+@read",
                                   "+time", "+client|setname")  # fmt: skip
        rows = RedisRows(url, FAMILIES)
        assert await rows.get(["k"]) == {}
        with pytest.raises(Unavailable, match="too few rights; see the ACL line"):
            await rows.put({"k": {"a:x": b"1"}})
        with pytest.raises(Unavailable, match="too few rights"):
            await redis_server.look(url)
        await rows.close()
        with pytest.raises(InvalidInput, match=r"mend them in \[ports\] profile_rows"):
            await redis_server.look(url.replace("secret", "other"))

    async def test_the_rights_of_the_docs_are_enough(self, server):
        docs = Path(__file__).parents[2] / "docs" / "operating" / "redis.md"
        (line,) = (one for one in docs.read_text().splitlines() if "user queqiao on" in one)
        words = [*line.split()[1:], "~{queqiao:rows}*"]
        with server.client() as client:
            client.execute_command("ACL", "SETUSER", *words)
        url = f"redis://queqiao:password@127.0.0.1:{server.port}/0"
        report = await redis_server.look(url)
        assert "append-only file" in report.words().en
        rows = RedisRows(url, FAMILIES)
        for law in laws(rows, "law"):
            await law.check()
        await rows.close()

    async def test_a_replica_and_a_cluster_are_refused(self, server, tmp_path, request):
        with server.client() as client:
            client.execute_command("REPLICAOF", "127.0.0.1", str(free_port()))
        with pytest.raises(InvalidInput, match="give the primary's address"):
            await redis_server.look(server.url)
        rows = RedisRows(server.url, FAMILIES)
        with pytest.raises(Unavailable, match=r"\[ports\] profile_rows"):
            await rows.put({"k": {"a:x": b"1"}})
        await rows.close()
        folder = tmp_path / "cluster"
        folder.mkdir()
        node = Server(request.node.callspec.params["server"], folder, "--cluster-enabled", "yes")
        node.start()
        with pytest.raises(InvalidInput, match="must not be a node of a Redis Cluster"):
            await redis_server.look(node.url)
        node.kill()

    async def test_a_server_that_forgot_our_functions_gets_them_again(self, server):
        rows = RedisRows(server.url, FAMILIES)
        await rows.put({"k": {"a:x": b"1"}})
        with server.client() as client:
            client.execute_command("FUNCTION", "FLUSH")
        assert await rows.add("k", "b:n", 2) == 2
        await rows.close()

    async def test_the_memory_of_dead_rows_comes_back(self, server):
        rows = RedisRows(server.url, [Family("a", 1), Family("b", 3_600)])
        await rows.put({f"k{n}": {"a:x": b"x" * 100} for n in range(900)})
        await rows.put({"half": {"a:x": b"1", "b:x": b"1"}})
        await asyncio.sleep(1.3)
        for _ in range(4):
            await rows.tidy()
        with server.client() as client:
            assert client.dbsize() == 2  # the row that lives, and the names
            assert client.zrange("{queqiao:rows}:names", 0, -1) == [b"half"]
            assert list(client.hgetall("{queqiao:rows}:row:half")) == [b"b:x"]
        await rows.close()


@pytest.mark.parametrize(
    "url",
    [
        "hbase://h", "hbase:///t", "hbase://h:x/t", "hbase://h/a b", "hbase://h/a/b",
        "redis://", "redis://h:x/0", "redis://h/zero",
    ],
)  # fmt: skip
def test_a_url_that_names_no_place_is_refused_by_its_setting(url, tmp_path):
    with pytest.raises(InvalidInput) as refused:
        row_stores.open_rows(url, tmp_path, FAMILIES)
    assert refused.value.fields[0].path == "ports.profile_rows"
    assert "write " in refused.value.fields[0].message.en


@pytest.mark.parametrize(("scheme", "package"), [("hbase", "thriftpy2"), ("redis", "redis")])
def test_a_client_that_is_not_installed_is_told_with_its_command(
    scheme, package, tmp_path, monkeypatch
):
    for name in [one for one in sys.modules if one.startswith("queqiao.ports.profile_rows.")]:
        monkeypatch.delitem(sys.modules, name)
    for name in [one for one in sys.modules if one.split(".")[0] == package]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(InvalidInput, match=rf"pip install 'queqiao\[{scheme}\]'"):
        row_stores.open_rows(f"{scheme}://h/1", tmp_path, FAMILIES)


async def test_a_writer_killed_at_any_moment_leaves_whole_rows(tmp_path):
    chance = random.Random(2)
    for _ in range(5):
        command = [sys.executable, str(WRITER), str(tmp_path / "rows.sqlite")]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:  # noqa: ASYNC220  # to kill
            told = int(writer.stdout.readline())
            time.sleep(chance.random() / 5)  # noqa: ASYNC251  # nothing else runs
            writer.kill()
            told = max([told, *map(int, writer.stdout.read().split()[:-1])])
        rows = SqliteRows(tmp_path / "rows.sqlite", FAMILIES)
        found = values((await rows.get(["k"]))["k"])
        assert found["a:x"] == found["b:y"]
        assert int(found["a:x"]) >= told
        await rows.close()


async def test_a_full_disk_refuses_writes_and_reads_go_on(tmp_path):
    with small_disk(tmp_path / "small", 4) as folder:
        rows = SqliteRows(folder / "rows.sqlite", FAMILIES)
        await rows.put({"first": {"a:x": b"1"}})
        with pytest.raises(StorageFull):
            await fill(rows)
        assert values((await rows.get(["first"]))["first"]) == {"a:x": b"1"}
        await rows.close()
