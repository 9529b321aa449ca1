"""The folder of transforms in a home: checkpoints and results, which name people.

One run at a time works in it. An erasure takes all of it away, and the next run makes everything
anew of a log that says no more who it was, or is read by the veil.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from queqiao.kernel.errors import Message, Unavailable

NAME = "transforms"
LOCK = "lock"
_BUSY = Message(
    "transforms 目录正被另一次运行使用；等它结束，或停止它",
    "another run works in the folder transforms; wait for its end, or stop it",
)


def of(home: Path) -> Path:
    """Return where it lies."""
    return home / NAME


@contextmanager
def held(home: Path) -> Iterator[Path]:
    """Hold the folder for one run. Raises Unavailable while another has it."""
    folder = of(home)
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o640)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield folder
    except BlockingIOError as error:
        raise Unavailable(_BUSY) from error
    finally:
        os.close(lock)


def clear(home: Path) -> None:
    """Take everything in it away. Raises Unavailable while a run has it."""
    if not of(home).exists():
        return
    with held(home) as folder:
        for path in folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name != LOCK:
                path.unlink()
