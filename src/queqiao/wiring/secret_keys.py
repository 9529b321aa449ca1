"""Keys that the system makes for itself, kept in files that only its user can read."""

import os
from pathlib import Path
from secrets import token_bytes

from queqiao.kernel.tokens import Signer

KEY_BYTES = 32


def signer(home: Path, name: str) -> Signer:
    """Return the signer of that name; its key is made at first use and then stays."""
    return Signer(key(home, name))


def key(home: Path, name: str) -> bytes:
    """Return the key of that name, 32 bytes. Two processes that ask at once get the same one."""
    file = home / "secrets" / name
    if not file.exists():
        _make(file)
    return file.read_bytes()


def _make(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = file.with_suffix(f".{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(token_bytes(KEY_BYTES))
        stream.flush()
        os.fsync(stream.fileno())
    try:
        os.link(fresh, file)  # fails when another process was first: its key is the one
    except FileExistsError:
        return
    finally:
        fresh.unlink()
