"""The cache over profile rows: bounded, shared readings, and coherent within its lease."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ports.row_stores import ADAPTERS, open_store, rows_url  # noqa: F401  # fixtures

from queqiao.kernel.errors import Unavailable
from queqiao.ports.profile_rows.base import Cell
from queqiao.ports.profile_rows.cached import LEASE_S, CachedRows
from queqiao.ports.profile_rows.laws import FAMILIES, laws, values
from queqiao.ports.profile_rows.sqlite import SqliteRows

WRITER = Path(__file__).parent / "row_writer.py"
COHERENT_WITHIN_S = 1.0
CHANGES = 8


class Slow:
    """A store whose reads are counted, and wait until they are let go."""

    def __init__(self):
        self.asked, self.gate, self.rows = [], asyncio.Event(), {}
        self.gate.set()
        self.away = False

    async def get(self, keys):
        self.asked.append(list(keys))
        found = {key: self.rows[key] for key in keys if key in self.rows}
        await self.gate.wait()
        if self.away:
            raise Unavailable
        return found

    async def put(self, rows):
        for key, columns in rows.items():
            self.rows[key] = {name: Cell(value, 1) for name, value in columns.items()}

    async def delete(self, keys):
        for key in keys:
            self.rows.pop(key, None)


class Seconds:
    def __init__(self):
        self.now_s = 0.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def slow():
    return Slow()


async def test_a_row_and_its_absence_are_given_for_a_lease(slow):
    clock = Seconds()
    cached = CachedRows(slow, 0.9, 10, clock)
    await slow.put({"k": {"a:x": b"1"}})
    for _ in range(3):
        assert values((await cached.get(["k", "none"]))["k"]) == {"a:x": b"1"}
    assert slow.asked == [["k", "none"]]
    assert (cached.counts.hits, cached.counts.misses) == (4, 2)
    clock.now_s = 0.89
    await cached.get(["k"])
    clock.now_s = 0.9
    await cached.get(["k"])
    assert len(slow.asked) == 2


async def test_the_lease_counts_from_the_beginning_of_the_reading(slow):
    """The answer is of any moment since then: a slow store must not make it look younger."""
    clock = Seconds()
    cached = CachedRows(slow, 0.9, 10, clock)
    slow.gate.clear()
    reading = asyncio.create_task(cached.get(["k"]))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    clock.now_s = 5.0
    slow.gate.set()
    await reading
    await cached.get(["k"])
    assert len(slow.asked) == 2


async def test_those_who_ask_at_once_share_a_reading_and_one_who_gives_up_ends_nothing(slow):
    cached = CachedRows(slow)
    slow.gate.clear()
    await slow.put({"k": {"a:x": b"1"}})
    asking = [asyncio.create_task(cached.get(["k"])) for _ in range(20)]
    await asyncio.sleep(0.01)
    asking[0].cancel()
    slow.gate.set()
    found = await asyncio.gather(*asking, return_exceptions=True)
    assert isinstance(found[0], asyncio.CancelledError)
    assert all(values(one["k"]) == {"a:x": b"1"} for one in found[1:])
    assert len(slow.asked) == 1


async def test_own_writes_are_seen_at_once_also_over_a_reading_under_way(slow):
    cached = CachedRows(slow)
    await slow.put({"k": {"a:x": b"old"}})
    slow.gate.clear()
    reading = asyncio.create_task(cached.get(["k"]))
    await asyncio.sleep(0.01)
    await cached.put({"k": {"a:x": b"new"}})
    slow.gate.set()
    await reading  # it asked before the write
    assert values((await cached.get(["k"]))["k"]) == {"a:x": b"new"}
    await cached.delete(["k"])
    assert await cached.get(["k"]) == {}


async def test_a_fault_is_told_to_all_and_not_kept(slow):
    cached = CachedRows(slow)
    slow.away = True
    for _ in range(2):
        found = await asyncio.gather(*(cached.get(["k"]) for _ in range(3)), return_exceptions=True)
        assert all(isinstance(one, Unavailable) for one in found)
    slow.away = False
    assert await cached.get(["k"]) == {}


async def test_it_holds_so_many_rows_and_no_more(slow):
    cached = CachedRows(slow, 60, 100)
    for number in range(1_000):
        await cached.get([f"k{number}"])
        assert len(cached._entries) <= 100
    before = len(slow.asked)
    await cached.get(["k999"])
    assert len(slow.asked) == before
    await cached.get(["k0"])
    assert len(slow.asked) == before + 1


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["get", "get", "get", "put", "delete", "other", "wait"]),
        st.sampled_from("abc"),
        st.integers(0, 9),
    ),
    max_size=60,
)


@given(STEPS)
def test_what_is_given_was_there_within_the_lease(steps):
    async def run():
        slow, clock = Slow(), Seconds()
        cached = CachedRows(slow, 0.9, 2, clock)
        history = {key: [(0.0, None)] for key in "abc"}  # when it became what; None: nothing
        own = dict.fromkeys("abc", 0.0)  # since when what this process wrote must be seen
        for kind, key, number in steps:
            clock.now_s += 0.01 if kind != "wait" else number / 5
            if kind in ("put", "other"):
                await (cached if kind == "put" else slow).put({key: {"a:x": b"%d" % number}})
                history[key].append((clock.now_s, b"%d" % number))
            elif kind == "delete":
                await cached.delete([key])
                history[key].append((clock.now_s, None))
            if kind in ("put", "delete"):
                own[key] = clock.now_s
            if kind == "get":
                seen = values((await cached.get([key])).get(key)).get("a:x")
                since = max(clock.now_s - 0.9, own[key])
                spans = zip(history[key], [*history[key][1:], (float("inf"), None)], strict=True)
                assert seen in [value for (_, value), (until, _) in spans if until > since]

    asyncio.run(run())


async def test_the_laws_hold_for_one_process_over_a_cache(tmp_path):
    rows = CachedRows(SqliteRows(tmp_path / "rows.sqlite", FAMILIES))
    for law in laws(rows, "law"):
        if "not seen after its time" not in law.name.en:  # it may be seen for a lease longer
            await law.check()
    await rows.close()


@pytest.mark.parametrize("rows_url", ADAPTERS, indirect=True)
async def test_what_another_process_writes_is_seen_within_a_second(
    rows_url,  # noqa: F811
    open_store,  # noqa: F811
    tmp_path,
):
    """A process writes the time at which it wrote; here a reader asks without a pause."""
    cached = CachedRows(open_store(rows_url, FAMILIES))
    await cached.get(["k"])
    command = [sys.executable, str(WRITER), rows_url, str(tmp_path), str(CHANGES)]
    late_s, seen, hits = [], 0, cached.counts
    slowest_s = 0.0
    with subprocess.Popen(command) as writer:  # noqa: ASYNC220  # a few milliseconds, once
        async with asyncio.timeout(120):
            while seen < CHANGES:
                began = time.monotonic()
                row = values((await cached.get(["k"])).get("k"))
                slowest_s = max(slowest_s, time.monotonic() - began)
                if row and int(row["a:number"]) > seen:
                    seen = int(row["a:number"])
                    late_s.append(time.monotonic() - float(row["a:at"]))
                await asyncio.sleep(0.002)
        assert writer.wait(30) == 0
    print(f"seen after {[round(one, 3) for one in late_s]} s; the slowest read {slowest_s:.3f} s")
    assert len(late_s) == CHANGES
    assert max(late_s) <= COHERENT_WITHIN_S
    assert max(late_s) > LEASE_S / 20, "the cache was not used at all"
    assert hits.hits > hits.misses * 5
    await cached.close()
