"""Keeps one server: starts it when what it needs is ready, watches it, starts it again."""

import logging
import os
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

from msgspec import structs

from deploy.engines.engine import Place, Server
from deploy.engines.errors import EngineError, NotReady
from deploy.engines.ports import refuse_answering
from deploy.engines.processes import Started
from deploy.engines.state import Phase, ServerState

log = logging.getLogger(__name__)

LOOK_EVERY_S = 0.1
ASK_EVERY_S = 5.0
"""How often a server that is ready is asked again."""
BACK_OFF_S_MIN = 0.5
BACK_OFF_S_MAX = 20.0
CALM_AFTER_S = 30.0
"""One that was ready for so long is started again after the shortest wait."""
LOG_BYTES_MAX = 32 * 1024 * 1024
"""A longer log is put aside when its server starts."""
UNREADY = (NotReady, OSError, EOFError, ValueError)
"""What a question may raise that is not answered rightly yet."""


class Keeper:
    """A thread for one server; ``state`` says how it does."""

    def __init__(self, server: Server, place: Place, needs: Sequence["Keeper"]) -> None:
        self.server = server
        self.state = ServerState(server.name, log=str(place.home / server.name / "log"))
        self._place = place
        self._needs = needs
        self._stopping = threading.Event()
        self._back_off_s = BACK_OFF_S_MIN
        self._thread = threading.Thread(target=self._run, name=server.name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ask the server to stop; until it has, the keeper works."""
        self._stopping.set()

    def works(self) -> bool:
        """Whether the server, or anything that it started, may still run."""
        return self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._one_life()
            except (EngineError, OSError, subprocess.SubprocessError) as error:
                self._tell("resting", f"{error}")
            except Exception as error:  # an engine's own question must not end its keeping
                log.exception("%s", self.server.name)
                self._tell("resting", f"{type(error).__name__}: {error}")
            if self._stopping.wait(self._back_off_s):
                break
            self._back_off_s = min(BACK_OFF_S_MAX, self._back_off_s * 2)
        self._tell("stopped")

    def _one_life(self) -> None:
        """From waiting for others to the end of the process."""
        self._tell("waiting", self.state.problem)
        while not all(keeper.state.phase == "ready" for keeper in self._needs):
            if self._stopping.wait(LOOK_EVERY_S):
                return
        refuse_answering(self._place.ports, self.server.ports)
        self.server.prepare()
        process = self._start()
        try:
            self._watch(process)
        finally:
            self._end(process)

    def _start(self) -> subprocess.Popen[bytes]:
        server, user = self.server, self.server.run_as()
        folder = self._place.folder(server.name)
        self._started = time.monotonic()
        with _log(Path(self.state.log)) as told:
            process = subprocess.Popen(
                [str(part) for part in server.command],
                env={**os.environ, **server.environment},
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=told,
                stderr=told,
                start_new_session=True,
                user=user,
                group=user,
                extra_groups=[] if user else None,
            )
        self._tell(
            "starting",
            pid=process.pid,
            started_ticks=Started.now(process.pid).started_ticks,
            started_at_us=time.time_ns() // 1000,
        )
        return process

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        """Return when it is to stop; raise EngineError when it ended or never became ready."""
        deadline = self._started + self.server.start_within_s
        ask_at = 0.0
        while not self._stopping.wait(LOOK_EVERY_S):
            if process.poll() is not None:
                raise EngineError(self._ended(process.returncode))
            now = time.monotonic()
            if self.state.phase == "ready" and now - self._ready_at > CALM_AFTER_S:
                self._back_off_s = BACK_OFF_S_MIN
            if now < ask_at:
                continue
            problem = self._ask()
            ask_at = time.monotonic() + (ASK_EVERY_S if self.state.phase == "ready" else 0.1)
            if self.state.phase != "ready" and now > deadline:
                raise EngineError(
                    f"not ready within {self.server.start_within_s:.0f} s: {problem}; its log: "
                    f"{self.state.log}"
                )

    def _ask(self) -> str:
        """Ask the server its question; return what is wrong, and tell of a change."""
        try:
            self.server.ready()
            if self.state.phase == "starting":
                self.server.settle()
        except UNREADY as error:
            problem = f"{error}" or type(error).__name__
            if self.state.phase == "ready" and not self.state.problem:
                self._tell("ready", f"answers no longer: {problem}")
            return problem
        if self.state.phase == "starting":
            self._ready_at = time.monotonic()
            self._tell("ready", ready_after_s=round(self._ready_at - self._started, 2))
        elif self.state.problem:
            self._tell("ready")
        return ""

    def _ended(self, code: int) -> str:
        how = f"by signal {-code}" if code < 0 else f"with status {code}"
        return f"ended {how}; its log: {self.state.log}"

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        """Leave nothing of it: what it started may outlive it (Flink's Python workers do)."""
        stopping = self._stopping.is_set()
        if stopping:
            self._tell("stopping")
        this = Started(self.state.pid, self.state.started_ticks)
        if process.returncode is None:
            this.end(self.server.stop_signal, self.server.stop_within_s)
        this.end_group()
        process.wait()
        if stopping:
            self._tell("stopping", pid=0)
        else:
            self._tell("resting", pid=0, restarts=self.state.restarts + 1)

    def _tell(self, phase: Phase, problem: str = "", **changed: Any) -> None:
        if (phase, problem) != (self.state.phase, self.state.problem):
            log.info("%s is %s%s", self.server.name, phase, problem and f": {problem}")
        self.state = structs.replace(self.state, phase=phase, problem=problem, **changed)


def _log(file: Path) -> BinaryIO:
    if file.exists() and file.stat().st_size > LOG_BYTES_MAX:
        file.replace(file.with_suffix(".old"))
    return file.open("ab")
