"""Acknowledged means fsynced: the kernel's own record of the calls, and a disk that fails to sync.

strace watches a real intake. Of each answer 200 the record must show that what was written to the
log before it had been synced; the same check fails for a build without the sync. Then strace makes
``fdatasync`` fail: from there on nothing may be acknowledged, and what was is there afterwards.
"""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which

import httpx
import pytest

from queqiao.kernel.envelope import decode_envelope
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader

pytestmark = pytest.mark.skipif(which("strace") is None, reason="strace is not installed")

SERVER = Path(__file__).with_name("power_server.py")
CALL = re.compile(r"^(?P<thread>\d+)\s+(?P<resumed><\.\.\. )?(?P<name>\w+)")
WATCHED = "trace=pwrite64,fdatasync,write,writev,sendto"


@contextmanager
def intake(home: Path, *strace: str, build: tuple[str, ...] = ()) -> Iterator[httpx.Client]:
    """A running intake under strace, and a client of it."""
    home.mkdir(exist_ok=True)
    listener = socket.create_server(("127.0.0.1", 0))
    port, descriptor = listener.getsockname()[1], listener.fileno()
    command = [sys.executable, str(SERVER), str(home), str(descriptor), *build]
    if strace:
        command = ["strace", "-f", "-qq", *strace, *command]
    process = subprocess.Popen(command, pass_fds=(descriptor,), start_new_session=True)
    listener.close()
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            yield client
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def send(client: httpx.Client, number: int, size: int = 1) -> int:
    calls = [
        {"type": "track", "event": "E", "userId": "u", "messageId": f"m-{number}-{i}",
         "timestamp": "2026-06-18T10:00:00Z"}
        for i in range(size)
    ]  # fmt: skip
    body = {"batch": calls, "writeKey": "key"}
    return client.post("/v1/batch", json=body).status_code


def unsynced_answers(record: str) -> list[str]:
    """Return the answers 200 before which the log was written but not synced after that.

    Requests came one after the other, so each answer belongs to the writes before it.
    """
    wrong, written, synced, answers = [], False, False, 0
    cut_in_two: dict[str, str] = {}
    for piece in record.splitlines():
        call, line = CALL.match(piece), piece
        if call and piece.endswith("<unfinished ...>"):
            cut_in_two[call["thread"]] = piece
            continue
        if call and call["resumed"]:
            line = cut_in_two.pop(call["thread"]) + piece
        name = call["name"] if call else ""
        if name == "pwrite64" and "/log/" in line and ".seg>" in line:
            written, synced = True, False
        elif name == "fdatasync" and ".seg>" in line and line.endswith("= 0"):
            synced = True
        elif name in {"write", "writev", "sendto"} and "HTTP/1.1 200" in line:
            answers += 1
            if not (written and synced):
                wrong.append(line)
            written = synced = False
    assert answers >= 10, "the record shows no answers"
    return wrong


@pytest.mark.parametrize("build", [(), ("without-sync",)])
def test_no_answer_before_the_disk_has_it(tmp_path: Path, build: tuple[str, ...]) -> None:
    record = tmp_path / "record"
    watch = ("-e", WATCHED, "-e", "signal=none", "-y", "-s", "64", "-o", str(record))
    with intake(tmp_path / "home", *watch, build=build) as client:
        assert [send(client, number, 1 + number % 3) for number in range(12)] == [200] * 12
    wrong = unsynced_answers(record.read_text())
    assert bool(wrong) == bool(build), wrong[:3]


def test_a_disk_that_cannot_sync_acknowledges_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with intake(home, "-e", "trace=none", "-o", os.devnull) as client:
        assert send(client, 0) == 200
    broken = "inject=fdatasync:error=EIO:when=8+"
    with intake(home, "-e", broken, "-e", "signal=none", "-o", os.devnull) as client:
        answers = [send(client, number) for number in range(1, 16)]
    good = answers.count(200)
    assert 0 < good < 15
    assert answers == [200] * good + [500] * (15 - good)
    with intake(home) as client:
        assert [send(client, number) for number in range(16)] == [200] * 16
    reader = EmbeddedEventLogReader(home / "log")
    found = [decode_envelope(event.body).message_id for event in reader.read(0, 1000)]
    assert sorted(found) == sorted(f"m-{number}-0" for number in range(16))
    reader.close()
