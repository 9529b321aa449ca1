"""Roles come back when they are killed, and end when their supervisor does."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from queqiao.kernel.errors import Conflict
from queqiao.wiring.supervisor import RoleStatus, lock, statuses

PROGRAM = """
import os, sys
from pathlib import Path
from queqiao.wiring.supervisor import Supervisor, lock

home = Path(sys.argv[1])
held = lock(home)

def wait(life_line):
    os.read(life_line, 1)  # returns when the supervisor has ended

def fail(life_line):
    raise SystemExit(5)

roles = [("steady", wait), ("other", wait)]
if "broken" in sys.argv:
    roles.append(("broken", fail))
Supervisor(home, roles).run()
"""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., "subprocess.Popen[bytes]"]]:
    running: list[subprocess.Popen[bytes]] = []

    def begin(*options: str) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(tmp_path), *options])
        running.append(process)
        return process

    yield begin
    for process in running:
        process.kill()
        process.wait()


def until(condition: Callable[[], object], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.01)


def role(home: Path, name: str) -> RoleStatus | None:
    return next((status for status in statuses(home) if status.name == name), None)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_killed_role_is_back_at_once(
    tmp_path: Path, start: Callable[..., "subprocess.Popen[bytes]"]
) -> None:
    start()
    until(lambda: role(tmp_path, "other"))
    for round_ in range(1, 4):
        before = role(tmp_path, "steady")
        assert before is not None
        os.kill(before.pid, signal.SIGKILL)

        def is_back(round_: int = round_) -> bool:
            now = role(tmp_path, "steady")
            return now is not None and now.restarts == round_ and alive(now.pid)

        until(is_back)
    other = role(tmp_path, "other")
    assert other is not None
    assert other.restarts == 0


def test_roles_end_with_their_supervisor_and_the_home_is_free_again(
    tmp_path: Path, start: Callable[..., "subprocess.Popen[bytes]"]
) -> None:
    process = start()
    until(lambda: role(tmp_path, "other"))
    with pytest.raises(Conflict):
        lock(tmp_path)
    pids = [status.pid for status in statuses(tmp_path)]
    process.kill()
    process.wait()
    until(lambda: not any(alive(pid) for pid in pids))
    os.close(lock(tmp_path))


def test_a_role_that_cannot_live_does_not_spin(
    tmp_path: Path, start: Callable[..., "subprocess.Popen[bytes]"]
) -> None:
    start("broken")
    until(lambda: (found := role(tmp_path, "broken")) is not None and found.restarts >= 4)
    time.sleep(1)
    found = role(tmp_path, "broken")
    assert found is not None
    assert found.restarts < 12


def test_stop_is_orderly(tmp_path: Path, start: Callable[..., "subprocess.Popen[bytes]"]) -> None:
    process = start()
    until(lambda: role(tmp_path, "other"))
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0


def test_a_list_of_roles_that_cannot_be_written_ends_nothing(
    tmp_path: Path, start: Callable[..., "subprocess.Popen[bytes]"]
) -> None:
    process = start()
    until(lambda: role(tmp_path, "other"))
    before = role(tmp_path, "steady")
    assert before is not None
    (tmp_path / "run").rename(tmp_path / "away")
    os.kill(before.pid, signal.SIGKILL)
    until(lambda: not alive(before.pid))
    (tmp_path / "away").rename(tmp_path / "run")
    other = role(tmp_path, "other")
    assert other is not None
    os.kill(other.pid, signal.SIGKILL)
    until(lambda: (now := role(tmp_path, "steady")) is not None and now.restarts == 1)
    assert process.poll() is None


def test_a_stop_while_starting_is_heard(
    tmp_path: Path, start: Callable[..., "subprocess.Popen[bytes]"]
) -> None:
    """The signal comes as soon as the lock is there: before, between or after the forks."""
    process = start()
    until((tmp_path / "run" / "lock").exists)
    process.send_signal(signal.SIGTERM)
    assert process.wait(15) in {0, -signal.SIGTERM}
