"""What roles do not hold: libraries nobody uses, and the engine's pages of its own start."""

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from queqiao.ports.warehouse.clickhouse import open_warehouse
from queqiao.ports.warehouse.engine_memory import ENGINE, Mapping, mappings
from queqiao.wiring import memory

ROLE = """
import asyncio, os, sys
import pyarrow as pa
from queqiao.wiring import memory, role

async def work(stop):
    pa.array([["a"], []], pa.list_(pa.string()))
    print(sorted(set(memory.UNUSED) & set(sys.modules)), pa.default_memory_pool().backend_name)

read, write = os.pipe()
role.run(work, read)
"""
ENGINE_ALONE = """
import asyncio, sys
from pathlib import Path
from queqiao.ports.warehouse import clickhouse, engine_memory

def resident_kb():
    total, ours = 0, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if "-" in line.split()[0]:
            ours = line.endswith(engine_memory.ENGINE)
        elif ours and line.startswith("Rss:"):
            total += int(line.split()[1])
    return total

async def ask(warehouse):
    found = await warehouse.query("SELECT sum(number), max(toString(number)) FROM numbers(1000)")
    print(found.rows[0], resident_kb())

give_back = clickhouse.give_back_library
clickhouse.give_back_library = lambda: print(resident_kb())
warehouse = clickhouse.open_warehouse("chdb://" + sys.argv[1])
print(give_back() > 0)
asyncio.run(ask(warehouse))
warehouse.close()
"""

HOLES = """
import asyncio
from queqiao.wiring import memory

async def main():
    surplus = memory.Surplus()
    await surplus.give_back()
    begun = memory.resident_bytes()
    kept = [b"x" * (100_000 if number % 10 else 1_000) for number in range(1_000)]
    grown = memory.resident_bytes() - begun
    kept = kept[::10]  # small ones between what is free: the C library gives nothing back
    left = memory.resident_bytes() - begun
    await surplus.give_back()
    print(grown >> 20, left >> 20, (memory.resident_bytes() - begun) >> 20)

memory.use_system_pool()
asyncio.run(main())
"""


def run(code: str, *arguments: str) -> list[str]:
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, check=True, text=True, timeout=60)
    return done.stdout.splitlines()


def test_a_role_imports_no_library_that_is_kept_out_and_takes_the_systems_memory() -> None:
    assert run(ROLE) == ["[] system"]


def test_what_is_kept_out_is_an_import_error_to_who_asks() -> None:
    code = "from queqiao.wiring import memory; memory.keep_out(['pandas']); import pandas"
    command = [sys.executable, "-c", code]
    failed = subprocess.run(command, capture_output=True, check=False, text=True)
    assert failed.returncode == 1
    assert "ModuleNotFoundError: pandas is not used by this process" in failed.stderr


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="the system lists no pages")
def test_the_engine_answers_without_the_pages_of_its_start(tmp_path: Path) -> None:
    held, given, asked = run(ENGINE_ALONE, str(tmp_path / "warehouse"))
    answer, resident = asked.rsplit(" ", 1)
    assert (given, answer) == ("True", "[499500, '999']")
    assert int(resident) < 0.8 * int(held)


def test_ranges_that_differ_from_the_file_are_told_from_those_that_do_not() -> None:
    smaps = """7f00-7f10 r-xp 00001000 08:01 12 /lib/with a space/_chdb.abi3.so
Rss:                 100 kB
Anonymous:             0 kB
7f10-7f20 r--p 00002000 08:01 12 /lib/_chdb.abi3.so
Anonymous:            12 kB
7f20-7f30 rw-p 00000000 00:00 0
Anonymous:             8 kB
"""
    assert list(mappings(smaps)) == [
        Mapping(0x7F00, 0x7F10, "r-xp", f"/lib/with a space/{ENGINE}", 0),
        Mapping(0x7F10, 0x7F20, "r--p", f"/lib/{ENGINE}", 12),
    ]


async def test_memory_given_back_is_not_memory_lost(tmp_path: Path) -> None:
    warehouse = open_warehouse(f"chdb://{tmp_path}/warehouse")
    try:
        kept = pa.array(range(1000))
        await warehouse.command("CREATE TABLE t (n UInt64) ENGINE = MergeTree ORDER BY n")
        await warehouse.insert("t", pa.table({"n": kept.cast(pa.uint64())}))
        await warehouse.give_back()
        memory.give_back()
        assert (await warehouse.query("SELECT sum(n) FROM t")).rows == [[499500]]
        assert kept.to_pylist()[-1] == 999
    finally:
        warehouse.close()


def test_what_large_requests_leave_free_goes_back() -> None:
    grown, left, kept = map(int, run(HOLES)[0].split())
    assert grown > 80
    assert left > 60
    assert kept < 10
