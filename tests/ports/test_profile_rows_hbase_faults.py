"""Profile rows on an HBase that fails: killed, away, hanging, another table, no HBase at all."""

import asyncio
import os
import signal
import socket
import time

import pytest
from tests.engines.test_engines import kill, wait_back
from tests.ports.redis_servers import free_port
from tests.ports.row_faults import BACK_WITHIN_S, Writers, decides_in_time, stopped
from tests.ports.row_stores import place_of

from queqiao.kernel.errors import Broken, Conflict, InvalidInput, Unavailable
from queqiao.ports.profile_rows import hbase_server
from queqiao.ports.profile_rows.base import Family
from queqiao.ports.profile_rows.hbase import HbaseRows
from queqiao.ports.profile_rows.laws import FAMILIES, values


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
        if child == 0:  # it is a server of another protocol
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
