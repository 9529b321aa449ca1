"""Profile rows where the store fails: killed, away, hanging, full, wrong, of few rights."""

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.engines.test_engines import kill, wait_back
from tests.ports.redis_servers import Server, free_port
from tests.ports.row_stores import place_of
from tests.small_disk import small_disk

from queqiao.kernel.clock import SystemClock
from queqiao.kernel.errors import Broken, Conflict, InvalidInput, StorageFull, Unavailable
from queqiao.ports.profile_rows import hbase_server, redis_server
from queqiao.ports.profile_rows.base import Family, counter
from queqiao.ports.profile_rows.hbase import HbaseRows
from queqiao.ports.profile_rows.laws import FAMILIES, laws, values
from queqiao.ports.profile_rows.redis import RedisRows
from queqiao.ports.profile_rows.sqlite import SqliteRows
from queqiao.profile.live_reader import UNAVAILABLE, LiveReader
from queqiao.wiring import row_stores

WRITER = Path(__file__).parent / "row_endless_writer.py"
ON_REDIS = [pytest.mark.engines, pytest.mark.engines_ci]
BACK_WITHIN_S = 60


class Writers:
    """Several who write and add, and say again what was not answered; they keep what was."""

    def __init__(self, rows, count=8):
        self.rows, self.told, self.failed, self.adding = rows, {}, 0, 0
        self.slowest_s = 0.0
        self.tasks = [asyncio.create_task(self._write(f"w{one}")) for one in range(count)]

    async def _write(self, name):
        number = 0
        while True:
            number += 1
            value = b"%d" % number
            await self._until_told(self.rows.put, {name: {"a:x": value, "b:y": value}})
            self.told[name] = value
            await self._until_told(self.rows.add, "counter", "b:n", 1, f"{name}-{number}")
            self.adding += 1

    async def _until_told(self, call, *arguments):
        began = time.monotonic()
        while True:
            try:
                await call(*arguments)
            except Unavailable:
                self.failed += 1
                await asyncio.sleep(0.05)
            else:
                self.slowest_s = max(self.slowest_s, time.monotonic() - began)
                return

    async def reach(self, more, within_s=BACK_WITHIN_S):
        goal = self.adding + more
        async with asyncio.timeout(within_s):
            while self.adding < goal:  # noqa: ASYNC110  # a count of answers, not a moment
                await asyncio.sleep(0.01)

    async def end(self):
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def check(self, rows):
        """See that what was told is there, whole; the last step may have been done or not."""
        found = await rows.get([*self.told, "counter"])
        for name, value in self.told.items():
            row = values(found[name])
            assert row["a:x"] == row["b:y"]
            assert int(row["a:x"]) in (int(value), int(value) + 1)
        total = counter(found["counter"]["b:n"].value)
        assert self.adding <= total <= self.adding + len(self.tasks)


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


async def fill(rows):
    for number in range(100):
        await rows.put({f"k{number}": {"a:x": b"x" * 200_000}})


@contextmanager
def stopped(pid):
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


async def decides_in_time(rows):
    """Ask as a decision does, with its deadline; nothing is raised."""
    reader = LiveReader(rows, SystemClock(), "Asia/Shanghai")
    began = time.monotonic()
    assert await reader.told(["u"], SystemClock().now_us()) == UNAVAILABLE
    assert await reader.told(["u"], SystemClock().now_us()) == UNAVAILABLE
    assert time.monotonic() - began < 1.0


@pytest.mark.engines
@pytest.mark.timeout(600)
class TestHbase:
    async def test_kill_9_of_the_region_server_loses_nothing_that_was_answered(
        self, engines, hbase_thrift, request
    ):
        rows = HbaseRows(place_of("hbase", request), FAMILIES)
        await rows.put({"k": {"a:x": b"1"}})
        writers = Writers(rows, 4)
        await writers.reach(40)
        dead = kill(engines, "hbase")
        await writers.reach(40, 2 * BACK_WITHIN_S)
        await asyncio.to_thread(wait_back, engines, "hbase", dead)
        await writers.end()
        print(f"away for {writers.slowest_s:.1f} s")
        assert writers.failed > 0
        assert writers.slowest_s < BACK_WITHIN_S
        await writers.check(rows)
        await rows.close()

    async def test_a_thrift_server_that_was_started_again_is_used_without_an_error(
        self, engines, hbase_thrift, request
    ):
        rows = HbaseRows(place_of("hbase", request), FAMILIES)
        await rows.put({"k": {"a:x": b"1"}})
        await asyncio.to_thread(wait_back, engines, "hbase_thrift", kill(engines, "hbase_thrift"))
        assert "k" in await rows.get(["k"])
        await rows.close()

    async def test_one_that_hangs_costs_a_decision_its_deadline_only(
        self, engines, hbase_thrift, request, monkeypatch
    ):
        monkeypatch.setattr(hbase_server, "ANSWER_MS", 1_000)
        rows = HbaseRows(place_of("hbase", request), FAMILIES)
        await rows.put({"k": {"a:x": b"1"}})
        with stopped(engines.server("hbase_thrift").pid):
            await decides_in_time(rows)
            with pytest.raises(Unavailable, match=r"\[ports\] profile_rows: .* in time"):
                await rows.put({"k": {"a:x": b"2"}})
        assert "k" in await rows.get(["k"])
        await rows.close()

    async def test_a_table_of_other_families_is_refused_with_the_line_that_alters_it(
        self, hbase_thrift, request
    ):
        url = place_of("hbase", request)
        other = HbaseRows(url, [Family("a", 60), Family("c")])
        await other.put({"k": {"a:x": b"1"}})
        with pytest.raises(InvalidInput, match=r"ports.profile_rows: .* alter '.*NAME => 'b'"):
            hbase_server.look(url, FAMILIES)
        rows = HbaseRows(url, FAMILIES)
        with pytest.raises(InvalidInput, match="name another table"):
            await rows.get(["k"])
        await rows.close()
        await other.close()

    async def test_a_dropped_table_is_made_again(self, hbase_thrift, request):
        url = place_of("hbase", request)
        rows, other = HbaseRows(url, FAMILIES), HbaseRows(url, FAMILIES)
        await rows.put({"k": {"a:x": b"1"}})
        await other.erase()
        with pytest.raises(Unavailable, match=r"\[ports\] profile_rows"):
            await rows.put({"k": {"a:x": b"2"}})
        await rows.put({"k": {"a:x": b"3"}})
        assert values((await rows.get(["k"]))["k"]) == {"a:x": b"3"}
        await rows.close()
        await other.close()

    def test_a_look_tells_of_the_table_and_the_clock(self, hbase_thrift, request):
        url = place_of("hbase", request)
        assert not hbase_server.look(url, FAMILIES).is_there

        async def made():
            rows = HbaseRows(url, FAMILIES)
            await rows.get(["k"])
            await rows.close()

        asyncio.run(made())
        report = hbase_server.look(url, FAMILIES)
        assert report.is_there
        assert abs(report.clock_ahead_s) < 1


def test_an_hbase_that_is_away_is_named_with_the_cure():
    with pytest.raises(Unavailable, match=r"\[ports\] profile_rows: .*hbase thrift2 start"):
        hbase_server.look(f"hbase://127.0.0.1:{free_port()}/rows", FAMILIES)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", None])
def test_what_is_no_thrift_server_is_told_in_time(answer, monkeypatch):
    monkeypatch.setattr(hbase_server, "ANSWER_MS", 300)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        child = os.fork()
        if child == 0:  # pragma: no cover  # a server of another protocol
            stream, _ = listener.accept()
            stream.recv(100)
            if answer is not None:
                stream.sendall(answer)
                stream.close()
            else:
                time.sleep(5)
            os._exit(0)
        try:
            with pytest.raises((Unavailable, InvalidInput), match=r"Thrift 2|thrift2"):
                hbase_server.look(f"hbase://127.0.0.1:{listener.getsockname()[1]}/rows", FAMILIES)
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


@pytest.mark.parametrize(
    ("said", "error", "words"),
    [
        ("AccessDeniedException: Insufficient permissions", Unavailable, "grant 'queqiao', 'RWXC'"),
        ("TableNotFoundException: rows", Unavailable, "it is made again"),
        ("NoSuchColumnFamilyException: a", Broken, "queqiao doctor"),
        ("Field is not a long, it's 3 bytes wide", Conflict, "no counter"),
        ("RegionTooBusyException\n\tat x", Unavailable, r"cannot answer now \(RegionTooBusy"),
    ],
)
def test_the_words_of_hbase_become_ours(said, error, words):
    place = hbase_server.Place.of("hbase://h/shop:rows")
    fault = hbase_server.fault_of(said, place)
    assert type(fault) is error
    with pytest.raises(error, match=words):
        raise fault


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
