"""Processes of ours, read from ``/proc``: memory, CPU time, open files, by the role's name.

``process_*`` as Prometheus' client libraries name them; the proportional set size counts a page
that several roles share by its share, so the roles' sum is what the system takes.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from queqiao.collect.probes.contracts import Sample

_KIB_FIELDS = {
    "Rss": "process_resident_memory_bytes",
    "Pss": "process_proportional_memory_bytes",
}


def process_samples(pids: Mapping[str, int], proc: Path = Path("/proc")) -> list[Sample]:
    """Return what is to be seen of processes by their names; nothing of those that are gone."""
    found: list[Sample] = []
    for name, pid in pids.items():
        labels = {"role": name}
        try:
            found += list(_one(proc / str(pid), labels))
        except (OSError, ValueError, IndexError):
            continue  # it ended while it was looked at
    return found


def _one(folder: Path, labels: dict[str, str]) -> Iterator[Sample]:
    # The name in the second field may hold anything, so the rest is counted from its end.
    words = (folder / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    ticks = os.sysconf("SC_CLK_TCK")
    cpu_s = (int(words[11]) + int(words[12])) / ticks
    yield Sample("process_cpu_seconds_total", cpu_s, labels, "counter")
    yield Sample("process_threads", int(words[17]), labels)
    yield Sample("process_open_fds", sum(1 for _ in (folder / "fd").iterdir()), labels)
    for line in (folder / "smaps_rollup").read_text("ascii", "replace").splitlines():
        field, _, rest = line.partition(":")
        if field in _KIB_FIELDS:
            yield Sample(_KIB_FIELDS[field], int(rest.split()[0]) * 1024, labels)
