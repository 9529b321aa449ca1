"""The machine and our processes, read from /proc: against what the kernel says otherwise."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from queqiao.collect.probes.contracts import Sample
from queqiao.collect.probes.machine import Machine
from queqiao.collect.probes.processes import process_samples
from queqiao.collect.probes.settings import ProbeSettings, Target, problems

PROC = {
    "stat": "cpu  100 20 30 400 50 6 7 8 9 10\ncpu0 1 1\ncpu1 1 1\nctxt 77\nbtime 1795379810\n",
    "loadavg": "0.50 1.25 2.00 3/400 777\n",
    "meminfo": "MemTotal:       1000 kB\nMemAvailable:    600 kB\nHugePages_Total:       0\n",
    "diskstats": " 254 0 vda 10 0 20 5 30 0 40 6 0 7000 8\n   7 0 loop0 1 1 1 1 1 1 1 1 1 1 1\n",
    "net/dev": "Inter-|\n face |bytes\n  eth0:1000 2 3 4 0 0 0 0 5000 6 7 8 0 0 0 0\n",
}


def by_name(samples: list[Sample]) -> dict[tuple[str, ...], float]:
    return {(one.name, *one.labels.values()): one.value for one in samples}


def test_a_machine_by_hand(tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    for name, text in PROC.items():
        (tmp_path / name).write_text(text)
    found = by_name(Machine([], tmp_path).samples())
    tick_s = 1 / os.sysconf("SC_CLK_TCK")
    assert found["node_cpu_cores",] == 2
    assert found["node_cpu_seconds_total", "user"] == pytest.approx(100 * tick_s)
    assert found["node_cpu_seconds_total", "steal"] == pytest.approx(8 * tick_s)
    assert found["node_load5",] == 1.25
    assert found["node_memory_MemAvailable_bytes",] == 600 * 1024
    assert found["node_disk_read_bytes_total", "vda"] == 20 * 512
    assert found["node_disk_written_bytes_total", "vda"] == 40 * 512
    assert found["node_disk_io_time_seconds_total", "vda"] == 7.0
    assert ("node_disk_read_bytes_total", "loop0") not in found
    assert found["node_network_receive_bytes_total", "eth0"] == 1000
    assert found["node_network_transmit_bytes_total", "eth0"] == 5000
    assert found["node_network_transmit_drop_total", "eth0"] == 8


def test_a_kernel_that_shows_nothing(tmp_path: Path) -> None:
    assert Machine([tmp_path / "none"], tmp_path).samples() == []


def test_this_machine(tmp_path: Path) -> None:
    found = by_name(Machine([tmp_path]).samples())
    assert found["node_cpu_cores",] == os.cpu_count()
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert found["node_memory_MemTotal_bytes",] == pytest.approx(pages, rel=0.01)
    usage = shutil.disk_usage(tmp_path)
    assert found["node_filesystem_size_bytes", str(tmp_path)] == usage.total


def test_a_process_of_ours(tmp_path: Path) -> None:
    program = (
        "import sys\nheld = bytearray(b'x' * 30_000_000)\n"
        "more = [open(sys.argv[1]) for _ in range(9)]\n"
        "total = 0\nfor n in range(3_000_000): total += n\nprint(flush=True); sys.stdin.read()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    child.stdout.readline()
    found = by_name(process_samples({"child": child.pid, "gone": 2**22 + 7}))
    child.communicate()
    assert {name for name, *_ in found} == {
        "process_cpu_seconds_total", "process_threads", "process_open_fds",
        "process_resident_memory_bytes", "process_proportional_memory_bytes",
    }  # fmt: skip
    assert {role for _, role in found} == {"child"}
    assert found["process_open_fds", "child"] == 3 + 9
    assert 30e6 < found["process_resident_memory_bytes", "child"] < 100e6
    assert (
        found["process_proportional_memory_bytes", "child"]
        <= found["process_resident_memory_bytes", "child"]
    )
    assert found["process_threads", "child"] == 1
    assert 0.02 < found["process_cpu_seconds_total", "child"] < 30


def test_what_the_settings_must_not_say() -> None:
    urls = ["http://127.0.0.1:9/metrics", "ftp://x/", "http://", "http://[", "metrics"]
    bad = ProbeSettings(scrape=[Target("j", url) for url in urls])
    assert [field.path for field in problems(bad)] == [
        f"probes.scrape[{number}].url" for number in (1, 2, 3, 4)
    ]
