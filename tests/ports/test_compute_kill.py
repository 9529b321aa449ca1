"""kill -9 of a run, again and again: in the end it leaves what an undisturbed run leaves."""

import signal
import subprocess
import sys
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from queqiao.ports.compute.digest import digest
from queqiao.ports.compute.sinks import ParquetSink
from queqiao.ports.compute.versions import standing

RUNNER = """
import sys
from pathlib import Path
import pyarrow.parquet as pq
from queqiao.ports.compute.embedded import EmbeddedEngine
from queqiao.ports.compute.plan import Aggregate, Plan, Session, Tumbling, Windows, Machine
from queqiao.ports.compute.sinks import ParquetSink
from queqiao.ports.compute.sources import TableSource
from queqiao.process.transforms.catalogue import MACHINES, TRANSFORMS, EVENT_COLUMNS

class Sink(ParquetSink):
    def write(self, epoch, outputs):
        super().write(epoch, outputs)
        print(epoch, flush=True)

kind, rows, home = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
aggregates = {"rows": Aggregate("count"), "people": Aggregate("approximate_distinct", "user_id"),
              "sources": Aggregate("distinct", "source")}
window = {"tumbling": Tumbling(60_000_000), "session": Session(20_000_000)}.get(kind)
plan = TRANSFORMS["identity"] if window is None else Plan("counts", EVENT_COLUMNS, (
    Windows(("anonymous_id",), "at", window, aggregates, 0, 600_000_000, True),))
engine = EmbeddedEngine(home / "state", machines=MACHINES, chunks_an_epoch=1)
engine.run(plan, TableSource(pq.read_table(rows), 100), Sink(home / "out"), ended=True)
print("done", flush=True)
"""
KILLS = 3


def write_rows(path: Path) -> None:
    chance, rows = Random(618), 6_000
    columns = {
        "source": ["web"] * rows,
        "message_id": [str(n) for n in range(rows)],
        "event": ["看"] * rows,
        "anonymous_id": [f"d{chance.randrange(40)}" for _ in range(rows)],
        "user_id": [f"u{chance.randrange(500)}" for _ in range(rows)],
        "at": [n * 500_000 + chance.randrange(50_000_000) for n in range(rows)],
        "properties": ["{}"] * rows,
        "campaign": [""] * rows,
    }
    table = pa.table(columns)
    at = pa.array(columns["at"], pa.int64()).cast(pa.timestamp("us", tz="UTC"))
    pq.write_table(table.set_column(5, "at", at), path)


def run(kind: str, rows: Path, home: Path, kill_after: int | None) -> bool:
    """Run in a process; kill it after so many epochs; return whether it came to its end."""
    command = [sys.executable, "-c", RUNNER, kind, str(rows), str(home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for number, line in enumerate(process.stdout, 1):
            if line == "done\n":
                return process.wait() == 0
            if number == kill_after:
                process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    return False


def left(kind: str, home: Path) -> str:
    results = ParquetSink(home / "out").read("results")
    return digest(results if kind == "machine" else standing(results, ("anonymous_id",)))


@pytest.mark.timeout(120)
@pytest.mark.parametrize("kind", ["tumbling", "session", "machine"])
def test_a_killed_run_ends_as_an_undisturbed_one(kind: str, tmp_path: Path) -> None:
    rows, chance = tmp_path / "rows.parquet", Random(kind)
    write_rows(rows)
    assert run(kind, rows, tmp_path / "calm", None)
    for _ in range(KILLS):
        assert not run(kind, rows, tmp_path / "killed", chance.randrange(1, 13))
    # A file of an epoch that was never committed, as a kill between sink and state leaves it.
    out = tmp_path / "killed" / "out"
    newest = max(out.glob("results-*.parquet"))
    (out / "results-0000009999.parquet").write_bytes(newest.read_bytes())
    (out / "results-0000009998.new").write_bytes(b"half")
    assert run(kind, rows, tmp_path / "killed", None)
    assert left(kind, tmp_path / "killed") == left(kind, tmp_path / "calm")
    assert not list(out.glob("*9998*")) + list(out.glob("*9999*"))
