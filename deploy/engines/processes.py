"""Processes of ours, told from strangers by number and start, ended by group, and their memory."""

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True)
class Started:
    """A process that we started as the first of a group: its number may be given away again."""

    pid: int
    started_ticks: int

    @classmethod
    def now(cls, pid: int) -> "Started":
        """Return the one that has this number now; its start is 0 if it is gone already."""
        fields = _stat(pid)
        return cls(pid, int(fields[19]) if fields else 0)

    def alive(self) -> bool:
        """Whether it runs; one that ended and was not waited for does not."""
        fields = _stat(self.pid)
        return bool(fields) and int(fields[19]) == self.started_ticks and fields[0] != "Z"

    def group(self) -> list[int]:
        """Return the numbers of all that run in its group.

        The kernel gives the number to no other while the group lives; so if another has it, the
        group is over.
        """
        fields = _stat(self.pid)
        if fields and int(fields[19]) != self.started_ticks:
            return []
        return [
            pid
            for pid, stat in _all()
            if int(stat[2]) == self.pid and stat[0] != "Z" and pid != os.getpid()
        ]

    def send(self, number: signal.Signals) -> None:
        """Signal the process itself, if it runs."""
        if self.alive():
            _send(self.pid, number)

    def end_group(self) -> None:
        """Kill what is left of its group."""
        for pid in self.group():
            _send(pid, signal.SIGKILL)

    def end(self, stop_signal: signal.Signals, within_s: float) -> None:
        """Ask it to stop, wait, kill what is left, and wait until that is gone."""
        self.send(stop_signal)
        deadline = time.monotonic() + within_s
        while self.alive() and time.monotonic() < deadline:
            time.sleep(0.05)
        self.end_group()
        while self.group():
            time.sleep(0.05)


def resident_mb(pid: int) -> float:
    """Return the memory of a process and all its children; what they share is counted once."""
    return sum(_proportional_kb(one) for one in _family(pid)) / 1024


def _family(pid: int) -> set[int]:
    parents = {child: int(stat[1]) for child, stat in _all()}
    family = {pid}
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    return family


def _proportional_kb(pid: int) -> int:
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def _send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return  # it ended by itself meanwhile


def _all() -> Iterator[tuple[int, list[str]]]:
    for entry in PROC.iterdir():
        if entry.name.isdigit() and (stat := _stat(int(entry.name))):
            yield int(entry.name), stat


def _stat(pid: int) -> list[str]:
    """Return the fields after the name: state, parent, group, ...; empty if there is none."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (OSError, UnicodeDecodeError):
        return []
