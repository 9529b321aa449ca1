"""kill -9 while events load and old ones move into the lake: it ends as if never killed."""

import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

from tests.process.conftest import append
from tests.process.test_killed import shop

from queqiao.ports.event_log.embedded import EmbeddedEventLog

PROGRAM = Path(__file__).parent / "killed_tiering.py"
ROUNDS = 6
EVENTS = 1_700


def start(folder: Path, log: Path) -> subprocess.Popen:
    command = [sys.executable, str(PROGRAM), str(folder), str(log)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def whole(folder: Path, log: Path) -> str:
    """Let it run to its end; return what it found, without the words of its log."""
    with start(folder, log) as process:
        assert process.stdout.readline().endswith("ready\n")
        *_, answer = process.stdout.read().splitlines()
    assert process.returncode == 0
    return answer


async def test_killed_at_random_points_no_event_is_lost_or_seen_twice(tmp_path) -> None:
    log = EmbeddedEventLog(tmp_path / "log")
    await append(log, shop(random.Random(9))[:EVENTS])
    log.close()
    chance, killed = random.Random(2), 0
    for _ in range(ROUNDS):
        with start(tmp_path / "killed", tmp_path / "log") as process:
            assert process.stdout.readline().endswith("ready\n")
            kill = threading.Timer(chance.uniform(0.1, 1.2), process.send_signal, [signal.SIGKILL])
            kill.start()
            process.stdout.read()
            kill.cancel()
        assert process.returncode in {0, -signal.SIGKILL}
        killed += process.returncode != 0
    assert killed, "at least once it was cut off in the middle"
    answer = whole(tmp_path / "killed", tmp_path / "log")
    assert answer == whole(tmp_path / "fresh", tmp_path / "log")
    assert f"'history': [[{EVENTS}, {EVENTS}," in answer
    assert "'table': [[36, 1665]]" in answer
