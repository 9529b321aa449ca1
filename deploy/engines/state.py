"""What an instance keeps in its home: which servers are wanted, and how each one does."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import msgspec

Phase = Literal["waiting", "starting", "ready", "resting", "stopping", "stopped"]


class ServerState(msgspec.Struct, frozen=True):
    """One server, as its keeper sees it."""

    name: str
    phase: Phase = "waiting"
    """waiting: for those it needs; resting: it ended, and is started again soon."""
    pid: int = 0
    started_ticks: int = 0
    started_at_us: int = 0
    ready_after_s: float = 0.0
    restarts: int = 0
    problem: str = ""
    """Why it is not ready, or why it ended last; also when it runs, but answers no longer."""
    log: str = ""


class State(msgspec.Struct):
    """All servers, in the order of their start."""

    servers: list[ServerState] = []


class Home:
    """The folder of one instance."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()

    def wanted(self) -> list[str]:
        """Return the servers that are to run."""
        file = self.folder / "wanted.json"
        return msgspec.json.decode(file.read_bytes(), type=list[str]) if file.exists() else []

    def want(self, names: list[str]) -> None:
        """Write which servers are to run."""
        _replace(self.folder / "wanted.json", msgspec.json.encode(names))

    def state(self) -> State:
        """Return what was last written about the servers."""
        file = self.folder / "state.json"
        return msgspec.json.decode(file.read_bytes(), type=State) if file.exists() else State()

    def write_state(self, encoded: bytes) -> None:
        """Write how the servers do: a ``State`` as JSON."""
        _replace(self.folder / "state.json", encoded)

    @contextmanager
    def commanding(self) -> Iterator[None]:
        """Hold the home for one command that changes what is wanted."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "command.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @contextmanager
    def supervising(self) -> Iterator[bool]:
        """Be the home's supervisor; gives False where another is."""
        with (self.folder / "supervisor.lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield True

    def supervisor(self) -> int:
        """Return the supervisor's process number, or 0 where none runs."""
        file = self.folder / "supervisor.lock"
        if not file.exists():
            return 0
        with file.open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(lock.read() or 0)
        return 0


def _replace(file: Path, content: bytes) -> None:
    beside = file.with_suffix(".new")
    beside.write_bytes(content)
    beside.replace(file)
