"""What a hundred million known ids cost the intake: its CPU and its memory, against none known.

The index is made of real runs by the real merge (24 of 2^22 keys, two thirds of them merged by
eight), beside an empty log; then the same load as in ``bench.intake`` runs on it and on an empty
home, in turn. Measured after the filter over all runs is built. The peak is that of a third run, in
which a thread builds that filter anew all the time, beside the one in use.

Learned: asking the filter of every run made dedup cost more with each run (12 % of the intake's
time at three runs already); one filter in memory over all of them makes it one load. Mapped runs
count as resident, page by page, as merges and the filter's making go over them (1,920 MB): pieces
read by ``pread`` do not, and give the disk's errors as errors. A run of 8 bytes a key instead of 33
makes a merge cost 0.04 us a key, and the filter 0.01 to 0.03.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from bench import intake
from bench.harness import row
from queqiao.ports.event_log import runs as run_files
from queqiao.ports.event_log.dedup import MERGE_FAN_IN
from queqiao.ports.event_log.manifest import Manifest
from queqiao.ports.event_log.runs import Run

RUN_KEYS = 1 << 22
RUNS = 24
SEED = 20261123


def fill(home: Path, runs: int = RUNS) -> int:
    """Make an index of random keys under ``home``; return how many."""
    folder = home / "log" / "index"
    folder.mkdir(parents=True)
    manifest, noise = Manifest(folder, 0), np.random.default_rng(SEED)
    made: list[Run] = []
    for number in range(runs):
        offsets = np.arange(RUN_KEYS, dtype=np.uint64) + np.uint64(1 + number * RUN_KEYS)
        made.append(run_files.create(manifest.new_path(), noise.bytes(RUN_KEYS * 16), offsets))
        if number % MERGE_FAN_IN == MERGE_FAN_IN - 1 and number < runs * 2 // 3:
            merged = run_files.merge(manifest.new_path(), made[-MERGE_FAN_IN:])
            for run in made[-MERGE_FAN_IN:]:
                run.path.unlink()
            made = [*made[:-MERGE_FAN_IN], merged]
    manifest.save(made, 0)
    return sum(run.count for run in made)


def run() -> list[dict[str, Any]]:
    """Measure the intake with and without the known ids."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("QUEQIAO_BENCH_DIR")) as folder:
        home, empty = Path(folder) / "full", Path(folder) / "empty"
        # In a process of its own: what filling takes is not what serving takes.
        command = [sys.executable, "-m", "bench.dedup", str(home)]
        keys = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        empty.mkdir()
        without = intake.measure_on(empty, "intake", 100, 8, 200_000)
        known = intake.measure_on(home, "intake", 100, 8, 200_000, settle_s=60)
        renewing = intake.measure_on(home, "renewing", 100, 8, 200_000)
    millions = f"{keys / 1e6:.0f} M ids known"
    figure = f"CPU per million, {millions}"
    goal, peer = round(without.cpu_s * 1.1, 2), round(without.cpu_s, 2)
    return [
        row("dedup", figure, "s", "lower", round(known.cpu_s, 2),
            goal=goal, peer=peer, peer_name="none known"),
        row("dedup", f"resident, {millions}", "MB", "lower", round(known.resident_mb, 1),
            goal=600, peer=round(without.resident_mb, 1), peer_name="none known"),
        row("dedup", f"its peak while the filter is renewed, {millions}", "MB", "lower",
            round(max(known.peak_mb, renewing.peak_mb), 1),
            goal=600, peer=round(without.peak_mb, 1), peer_name="none known"),
    ]  # fmt: skip


if __name__ == "__main__":
    print(fill(Path(sys.argv[1])))
