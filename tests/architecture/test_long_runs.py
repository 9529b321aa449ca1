"""The long runs: interrupted, they go on; what is done is on record; then a new run begins."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests import long_runs

SUITE = """
import os, pytest

@pytest.mark.long
@pytest.mark.parametrize("part", [1, 2, 3])
def test_part(part, record_property):
    record_property("seed", part)
    assert str(part) not in os.environ["WRONG"]

def test_short():
    raise AssertionError("no long test")
"""


def call(folder: Path, wrong: str = "", **bounds: str) -> list[tuple[int, int]]:
    """Run the suite once; return run and seed of what is on record by then."""
    suite = folder / "test_suite.py"
    suite.write_text(SUITE)
    known = {**os.environ, "QUEQIAO_LONG_RUNS": str(folder), "WRONG": wrong, **bounds}
    known["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # none of them is needed, and a start is quicker
    command = [sys.executable, "-m", "pytest", "-q", "-m", "long", "-p", "tests.long_runs"]
    command += ["-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", str(folder), str(suite)]
    root = Path(long_runs.__file__).parents[1]
    done = subprocess.run(command, env=known, cwd=root, capture_output=True, text=True, check=False)
    assert "passed" in done.stdout, done.stdout + done.stderr
    lines = (folder / "record.jsonl").read_text().splitlines()
    kept: list[dict[str, Any]] = [json.loads(line) for line in lines]
    assert all(one["test"].startswith("test_suite.py::test_part[") for one in kept)
    return [(one["run"], one["figures"]["seed"]) for one in kept]


def test_a_run_goes_on_where_it_stopped_and_a_finished_one_begins_anew(tmp_path: Path) -> None:
    assert call(tmp_path, QUEQIAO_LONG_SECONDS="0") == [(1, 1)]
    assert call(tmp_path, wrong="2") == [(1, 1), (1, 3)]
    assert call(tmp_path) == [(1, 1), (1, 3), (1, 2)]
    assert call(tmp_path)[3:] == [(2, 1), (2, 2), (2, 3)]
