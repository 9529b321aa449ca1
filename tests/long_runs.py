"""Long runs go on where they stopped, and leave a record of what they did.

A plugin of ``make test-long``. Each long test that passes adds a line of JSON to ``record.jsonl``
in the folder QUEQIAO_LONG_RUNS (``.long-runs`` by default): the number of the run, the test, the
commit it ran on, how long it took and its figures. A test that the newest run has passed is left
out the next time; when nothing is left to do, the next call begins a new run. QUEQIAO_LONG_SECONDS
bounds how long one call begins new tests; the next goes on.
"""

import json
import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
FILE = Path(os.environ.get("QUEQIAO_LONG_RUNS", ROOT / ".long-runs")) / "record.jsonl"
SECONDS = float(os.environ.get("QUEQIAO_LONG_SECONDS", "inf"))


def _lines() -> list[dict[str, Any]]:
    """Return what is on record."""
    return [json.loads(line) for line in FILE.read_text().splitlines()] if FILE.exists() else []


def _commit() -> str:
    """Return the commit, with a plus when the files differ from it; nothing outside of git."""
    said = subprocess.run(
        ["git", "describe", "--always", "--dirty=+", "--exclude=*"],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    return said.stdout.strip()


class Run:
    """The newest run: what it has done, and what is added to it."""

    def __init__(self) -> None:
        self.begun_s = time.monotonic()
        self.commit = _commit()
        lines = _lines()
        self.number = max((line["run"] for line in lines), default=1)
        self.lines = [line for line in lines if line["run"] == self.number]

    def left(self, items: Sequence[pytest.Item]) -> list[pytest.Item]:
        """Return the tests that are still to be done; all of them when a new run begins."""
        done = {line["test"] for line in self.lines}
        left = [item for item in items if item.nodeid not in done]
        if left:
            return left
        self.number, self.lines = self.number + 1, []
        return list(items)

    def add(self, report: pytest.TestReport) -> None:
        line = {
            "run": self.number,
            "test": report.nodeid,
            "commit": self.commit,
            "ended": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "took_s": round(report.duration, 1),
            "figures": dict(report.user_properties),
        }
        self.lines.append(line)
        FILE.parent.mkdir(parents=True, exist_ok=True)
        with FILE.open("a") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


class LongRuns:
    """The hooks."""

    def __init__(self) -> None:
        self.run = Run()
        self.left = 0

    @pytest.hookimpl(trylast=True)  # after -m has chosen
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        left = self.run.left([item for item in items if item.get_closest_marker("long")])
        config.hook.pytest_deselected(items=[item for item in items if item not in left])
        items[:] = left
        self.left = len(left)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.passed:
            self.run.add(report)
            self.left -= 1

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> None:
        if self.left and time.monotonic() - self.run.begun_s > SECONDS:
            item.session.shouldstop = "the time is up; the next call goes on from here"

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        write = terminalreporter.write_line
        write(f"run {self.run.number}: {len(self.run.lines)} passed, {self.left} left; see {FILE}")
        for line in self.run.lines:
            figures = " ".join(f"{name}={value}" for name, value in line["figures"].items())
            write(f"  {line['took_s']:7.1f} s  {line['commit']}  {line['test']}  {figures}")


def pytest_configure(config: pytest.Config) -> None:
    """Take part."""
    config.pluginmanager.register(LongRuns(), "long-runs")
