"""Keys that the system makes for itself, kept in files that only its user can read."""

import os
from collections.abc import Callable
from pathlib import Path
from secrets import token_bytes

from queqiao.kernel.tokens import Signer

KEY_BYTES = 32


def signer(home: Path, name: str) -> Signer:
    """Return the signer of that name; its key is made at first use and then stays."""
    return Signer(key(home, name))


def key(home: Path, name: str) -> bytes:
    """Return the key of that name, 32 bytes. Two processes that ask at once get the same one."""
    return keep(home / "secrets" / name, lambda: token_bytes(KEY_BYTES))


def keep(file: Path, make: Callable[[], bytes]) -> bytes:
    """Return what a file holds; when it is not there, it is made whole, private and durable."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write(file, make())
    return file.read_bytes()


def _write(file: Path, body: bytes) -> None:
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(body)
        stream.flush()
        os.fsync(stream.fileno())
    try:
        os.link(fresh, file)  # fails when another process was first: what it made is the one
    except FileExistsError:
        return
    finally:
        fresh.unlink()
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
