"""The system of a home, seen from a command beside it: where it listens, keys for it, its start."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from secrets import token_bytes
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import msgspec

from queqiao.kernel.errors import Message, Unavailable
from queqiao.operate.contracts import KeyScope
from queqiao.operate.keys import create_key
from queqiao.ports.records.polling import POLL_EVERY_S
from queqiao.wiring import adapters
from queqiao.wiring.secret_keys import keep
from queqiao.wiring.settings import Settings

READY_WITHIN_S = 60.0
KNOWN_WITHIN_S = 5.0


class Address(msgspec.Struct):
    """Where the running system of a home listens. ``sign_in_token`` works once."""

    base_url: str
    pid: int
    sign_in_token: str = ""


def address_file(home: Path) -> Path:
    """Return the file that holds the address; only its user can read it."""
    return home / "run" / "address.json"


def publish_address(home: Path, address: Address) -> None:
    """Write the address for commands beside the system."""
    file = address_file(home)
    file.touch(mode=0o600)
    file.write_bytes(msgspec.json.encode(address))


def address(home: Path) -> Address | None:
    """Return the address of the running system, or None when none runs."""
    try:
        found = msgspec.json.decode(address_file(home).read_bytes(), type=Address)
        os.kill(found.pid, 0)
    except (OSError, msgspec.DecodeError):
        return None
    return found if is_ready(found.base_url) else None


def is_ready(base_url: str) -> bool:
    """Say whether every role of the system answers."""
    try:
        with urlopen(f"{base_url}/readyz", timeout=5) as answer:  # noqa: S310  # our own address
            return bool(answer.status == 200)
    except OSError:
        return False


def key(settings: Settings, scope: KeyScope, name: str = "command line", source: str = "") -> str:
    """Return a key for a command beside its own system, made at first need and then kept.

    ``source`` is what events are filed under that come by the key. No browser sees such a key, so
    what is sent by it is trusted.
    """
    file = settings.home / "secrets" / f"{name.replace(' ', '_')}.{scope}.key"
    is_new = not file.exists()
    secret = keep(file, lambda: _make(settings, scope, name, source)).decode("ascii")
    if is_new:
        _wait_until_known(settings.home, secret)
    return secret


def _make(settings: Settings, scope: KeyScope, name: str, source: str) -> bytes:
    records = adapters.records(settings)
    now_us = adapters.clock(settings).now_us()
    try:
        _, secret = create_key(
            records,
            scope,
            name,
            source,
            trusted=scope in {"admin", "intake"},
            now_us=now_us,
            random=token_bytes,
        )
    finally:
        records.close()
    return secret.encode("ascii")


def _wait_until_known(home: Path, secret: str) -> None:
    """Return when every role of the running system, if there is one, has seen a new key."""
    found = address(home)
    deadline = time.monotonic() + KNOWN_WITHIN_S
    while found is not None and time.monotonic() < deadline:
        asked = Request(  # noqa: S310  # our own address
            f"{found.base_url}/api/v1/shop", headers={"authorization": f"Bearer {secret}"}
        )
        try:
            urlopen(asked, timeout=5).close()  # noqa: S310  # our own address
            break
        except HTTPError as refusal:
            refusal.close()
            if refusal.code == 403:
                break  # known, and not for this
        time.sleep(POLL_EVERY_S / 4)
    if found is not None:
        time.sleep(POLL_EVERY_S)  # each role looks for itself, that often


@contextmanager
def running(settings: Settings, config: Path | None = None) -> Iterator[Address]:
    """Give the address of the running system; start one for the time being when none runs."""
    found = address(settings.home)
    if found is not None:
        yield found
        return
    options = ["--port", "0"] if config is None else ["--config", str(config), "--port", "0"]
    with started(settings.home, options) as begun:
        yield begun


@contextmanager
def started(home: Path, options: Sequence[str] = (), verb: str = "serve") -> Iterator[Address]:
    """Start ``queqiao serve`` (or another verb) on a home, and stop it at the end."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    log = home / "queqiao.log"
    command = [sys.executable, "-m", "queqiao", verb, "--home", str(home), *options]
    # What the command prints holds a sign-in: the file is private.
    with open(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as stream:  # noqa: PTH123  # a descriptor, not a path
        process = subprocess.Popen(command, stdout=stream, stderr=stream)
    try:
        yield wait_until_ready(home, process, log)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def wait_until_ready(home: Path, process: "subprocess.Popen[bytes]", log: Path) -> Address:
    """Return the address once every role answers. Raises Unavailable with where to look."""
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline and process.poll() is None:
        found = address(home)
        if found is not None and found.pid == process.pid:
            return found
        time.sleep(0.05)
    raise Unavailable(Message(f"系统没有启动，见 {log}", f"the system did not start; see {log}"))
