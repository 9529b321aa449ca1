"""One command, several processes: roles are forked, watched and started again when they die.

The supervisor holds the public socket, so that connections wait in its queue while the intake
restarts, and imports what the roles share before it forks, so that they share those pages. It runs
no threads and no event loop: a fork of it is clean at any time.
"""

import fcntl
import gc
import json
import os
import select
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic, time_ns
from types import FrameType

import msgspec
import structlog

from queqiao.kernel.errors import Conflict, Message, QueqiaoError

log = structlog.get_logger()

STOP_WITHIN_S = 10.0
CALM_AFTER_S = 5.0
"""A role that has lived this long is started again at once when it dies."""
BACK_OFF_S_MAX = 5.0
LOOK_EVERY_S = 1.0
"""How often the supervisor does what it was given to do beside its roles."""
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)

RoleMain = Callable[[int], None]
"""Runs a role until the file descriptor given to it (the life line) ends or SIGTERM comes."""


class RoleStatus(msgspec.Struct):
    """One process of the system, as the supervisor sees it."""

    name: str
    pid: int
    started_at_us: int
    restarts: int


class _Child:
    """A role and its present process."""

    def __init__(self, name: str, main: RoleMain) -> None:
        self.name = name
        self.main = main
        self.pid = 0
        self.started_at_us = 0
        self.started = 0.0
        self.start_at = 0.0
        self.restarts = -1
        self.early_deaths = 0

    def died(self, now: float) -> None:
        self.pid = 0
        calm = now - self.started > CALM_AFTER_S
        self.early_deaths = 0 if calm else self.early_deaths + 1
        # The first two deaths in a row are taken for accidents: no waiting.
        wait_s = 0.0 if self.early_deaths <= 2 else min(BACK_OFF_S_MAX, 0.1 * 2**self.early_deaths)
        self.start_at = now + wait_s


class Supervisor:
    """Forks the roles of ``mains`` and keeps them alive until it is told to stop.

    ``look`` is called about once a second; it must be short and must not raise.
    """

    def __init__(
        self,
        home: Path,
        mains: Sequence[tuple[str, RoleMain]],
        look: Callable[[], None] | None = None,
    ) -> None:
        self._home = home
        self._look = look
        self._children = [_Child(name, main) for name, main in mains]
        self._stopping = False
        self._life_read, self._life_write = os.pipe()
        self._wake_read, self._wake_write = os.pipe()
        for end in (self._wake_read, self._wake_write):
            os.set_blocking(end, False)

    def run(self, started: Callable[[], None] | None = None) -> None:
        """Run until SIGTERM or SIGINT; then stop the roles and return.

        ``started`` is called once, after all roles were forked.
        """
        for number in SIGNALS:
            signal.signal(number, self._signalled)
        signal.set_wakeup_fd(self._wake_write)
        gc.collect()
        gc.freeze()
        self._start_due()
        if started is not None:
            started()
        while not self._stopping:
            select.select([self._wake_read], [], [], self._wait_s())
            _drain(self._wake_read)
            self._reap()
            if not self._stopping:
                self._start_due()
                if self._look is not None:
                    self._look()
        self._stop()

    def _signalled(self, number: int, _frame: FrameType | None) -> None:
        if number != signal.SIGCHLD:
            self._stopping = True

    def _wait_s(self) -> float | None:
        due = [child.start_at - monotonic() for child in self._children if not child.pid]
        if self._look is not None:
            due.append(LOOK_EVERY_S)
        return max(0.0, min(due)) if due else None

    def _start_due(self) -> None:
        changed = False
        for child in self._children:
            if not child.pid and child.start_at <= monotonic():
                self._fork(child)
                changed = True
        if changed:
            self._write_status()

    def _fork(self, child: _Child) -> None:
        child.restarts += 1
        child.started = monotonic()
        child.started_at_us = time_ns() // 1000
        sys.stdout.flush()
        sys.stderr.flush()
        # A signal in between would be heard by the supervisor's handlers in the role's process.
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        try:
            child.pid = os.fork()
            if child.pid == 0:
                self._become(child)
        except OSError as error:
            child.died(monotonic())
            log.error("a role could not be started", role=child.name, reason=str(error))  # noqa: TRY400  # no trace: the machine is out of something
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)

    def _become(self, child: _Child) -> None:
        """Run the role in the forked process, and never return from it."""
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in SIGNALS:
                signal.signal(number, signal.SIG_DFL)
            # A Ctrl-C in the terminal reaches the whole group; the supervisor alone acts on it.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            os.close(self._life_write)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
            child.main(self._life_read)
            status = 0
        except BaseException:  # whatever ends a role is logged before it ends
            log.exception("role failed", role=child.name)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            for child in self._children:
                if child.pid == pid:
                    child.died(monotonic())
                    if not self._stopping:
                        log.warning("role died", role=child.name, pid=pid, status=status)

    def _write_status(self) -> None:
        """Publish who runs where, for the console and for tests that kill."""
        statuses = [
            RoleStatus(child.name, child.pid, child.started_at_us, child.restarts)
            for child in self._children
        ]
        file = self._home / "run" / "roles.json"
        fresh = file.with_suffix(".new")
        try:
            fresh.write_bytes(msgspec.json.encode(statuses))
            fresh.replace(file)
        except OSError as error:
            # A full disk must not end the system: the list is for looking at only.
            log.warning("the list of roles could not be written", reason=str(error))

    def _stop(self) -> None:
        deadline = monotonic() + STOP_WITHIN_S
        for child in self._children:
            if child.pid:
                os.kill(child.pid, signal.SIGTERM)
        while any(child.pid for child in self._children) and monotonic() < deadline:
            select.select([self._wake_read], [], [], 0.1)
            _drain(self._wake_read)
            self._reap()
        for child in self._children:
            if child.pid:
                log.warning("role did not stop in time", role=child.name)
                os.kill(child.pid, signal.SIGKILL)
                os.waitpid(child.pid, 0)


def _drain(descriptor: int) -> None:
    try:
        while os.read(descriptor, 4096):
            continue
    except BlockingIOError:
        return


def statuses(home: Path) -> list[RoleStatus]:
    """Return what the supervisor of a home last wrote; empty when it never ran."""
    try:
        return msgspec.json.decode(
            (home / "run" / "roles.json").read_bytes(), type=list[RoleStatus]
        )
    except FileNotFoundError:
        return []


def lock(home: Path) -> int:
    """Take the home for this system; the lock is held until the last of its processes has ended.

    Returns the descriptor that holds it. Raises Conflict when another system has it.
    """
    (home / "run").mkdir(parents=True, exist_ok=True)
    descriptor = os.open(home / "run" / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        message = Message(
            f"{home} 正被另一个 queqiao 使用；请先停掉它，或换一个 --home",
            f"{home} is in use by another queqiao; stop that one, or choose another --home",
        )
        raise Conflict(message) from error
    return descriptor


def is_held(home: Path) -> bool:
    """Say whether a system holds the home."""
    try:
        descriptor = os.open(home / "run" / "lock", os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def alone(work: Callable[[], dict[str, str]]) -> dict[str, str]:
    """Do some work in a process of its own and return its answer: nothing of it stays behind."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.write(write, json.dumps(work()).encode())
            status = 0
        except QueqiaoError as error:  # it says what is wrong, and what mends it
            log.error("preparation failed", reason=error.explain("en"))  # noqa: TRY400  # no trace
        except BaseException:  # printed, then told to the parent by the exit code
            log.exception("preparation failed")
        finally:
            sys.stderr.flush()
            os._exit(status)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(pid, 0)
    if status:
        raise SystemExit(3)
    result: dict[str, str] = json.loads(answer)
    return result
