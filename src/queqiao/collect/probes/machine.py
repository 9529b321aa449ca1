"""This machine, read from ``/proc``: CPU, load, memory, disks, network.

Names and units are those of Prometheus' node_exporter, so that its dashboards fit: seconds, bytes.
A file that a kernel or a container does not show is left out.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from queqiao.collect.probes.contracts import Sample

_MODES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
_SECTOR_BYTES = 512
_MEMORY = {
    "MemTotal", "MemFree", "MemAvailable", "Buffers", "Cached", "SwapTotal", "SwapFree",
}  # fmt: skip
_NO_DISKS = ("loop", "ram", "zram", "fd", "sr")
DEVICES_MAX = 64


class Machine:
    """Reads the machine. ``disks`` are paths whose file systems are looked at."""

    def __init__(self, disks: Sequence[Path], proc: Path = Path("/proc")) -> None:
        self._disks = disks
        self._proc = proc
        self._tick_s = 1 / os.sysconf("SC_CLK_TCK")

    def samples(self) -> list[Sample]:
        """Return what is to be seen now."""
        return [
            *self._cpu(),
            *self._load(),
            *self._memory(),
            *self._file_systems(),
            *self._disk_traffic(),
            *self._network(),
        ]

    def _lines(self, name: str) -> list[str]:
        try:
            return (self._proc / name).read_text("ascii", "replace").splitlines()
        except OSError:
            return []

    def _cpu(self) -> Iterator[Sample]:
        lines = self._lines("stat")
        cores = sum(line[:3] == "cpu" and line[3:4].isdigit() for line in lines)
        if cores:
            yield Sample("node_cpu_cores", cores)
        for line in lines:
            words = line.split()
            if words and words[0] == "cpu":
                for mode, ticks in zip(_MODES, words[1:], strict=False):
                    value = int(ticks) * self._tick_s
                    yield Sample("node_cpu_seconds_total", value, {"mode": mode}, "counter")
            elif words and words[0] == "ctxt":
                yield Sample("node_context_switches_total", int(words[1]), kind="counter")
            elif words and words[0] == "btime":
                yield Sample("node_boot_time_seconds", int(words[1]))

    def _load(self) -> Iterator[Sample]:
        for line in self._lines("loadavg"):
            for minutes, word in zip((1, 5, 15), line.split(), strict=False):
                yield Sample(f"node_load{minutes}", float(word))

    def _memory(self) -> Iterator[Sample]:
        for line in self._lines("meminfo"):
            name, _, rest = line.partition(":")
            if name in _MEMORY:
                yield Sample(f"node_memory_{name}_bytes", int(rest.split()[0]) * 1024)

    def _file_systems(self) -> Iterator[Sample]:
        for path in self._disks:
            try:
                found = os.statvfs(path)
            except OSError:
                continue
            labels = {"mountpoint": str(path)}
            for name, blocks in (("size", found.f_blocks), ("avail", found.f_bavail)):
                yield Sample(f"node_filesystem_{name}_bytes", blocks * found.f_frsize, labels)
            yield Sample("node_filesystem_files_free", found.f_favail, labels)

    def _disk_traffic(self) -> Iterator[Sample]:
        rows = [line.split() for line in self._lines("diskstats")]
        whole = [row for row in rows if len(row) >= 13 and not row[2].startswith(_NO_DISKS)]
        for row in whole[:DEVICES_MAX]:
            labels = {"device": row[2]}
            counted = {
                "reads_completed": int(row[3]),
                "read_bytes": int(row[5]) * _SECTOR_BYTES,
                "writes_completed": int(row[7]),
                "written_bytes": int(row[9]) * _SECTOR_BYTES,
                "io_time_seconds": int(row[12]) / 1000,
            }
            for name, value in counted.items():
                yield Sample(f"node_disk_{name}_total", value, labels, "counter")

    def _network(self) -> Iterator[Sample]:
        rows = [line.split() for line in self._lines("net/dev") if ":" in line]
        for row in rows[:DEVICES_MAX]:
            words = " ".join(row).replace(":", ": ").split()
            labels = {"device": words[0].rstrip(":")}
            counted = {
                "receive_bytes": words[1], "receive_errs": words[3], "receive_drop": words[4],
                "transmit_bytes": words[9], "transmit_errs": words[11], "transmit_drop": words[12],
            }  # fmt: skip
            for name, value in counted.items():
                yield Sample(f"node_network_{name}_total", int(value), labels, "counter")
