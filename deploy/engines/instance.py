"""One instance of the engines, in a home: what the command line and the tests work with."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from deploy.engines import settings as of
from deploy.engines.catalogue import ENGINES, PORTS, chosen, dependents, servers_of
from deploy.engines.engine import Place, Server
from deploy.engines.errors import EngineError
from deploy.engines.packages import HERE, cache_folder
from deploy.engines.ports import assign, refuse_answering
from deploy.engines.processes import Started
from deploy.engines.state import Home, ServerState

FETCHED_AT_ONCE = 4
LOOK_EVERY_S = 0.1
UP_WITHIN_S = 240.0
DOWN_WITHIN_S = 180.0
DEATHS_MAX = 3
"""A server that ends so often while ``up`` waits is given up by ``up`` (not by its keeper)."""
LOG_TAIL_BYTES = 2000


class Instance:
    """The engines of one home. Several instances run side by side; they share the cache only.

    ``owned``: all stops when this process is gone, however it ended.
    """

    def __init__(
        self, home: Path, settings_file: Path | None = None, *, owned: bool = False
    ) -> None:
        self.home = Home(home)
        self._owned = owned
        self._settings_file = settings_file or of.settings_file()
        self._settings = of.read(self._settings_file)
        self._place: Place | None = None
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def place(self) -> Place:
        """Where the instance lives; its ports are chosen at the first call."""
        if self._place is None:
            ports = assign(self._settings.ports, self.home.folder, PORTS)
            self._place = Place(self.home.folder, cache_folder(), self._settings, ports)
        return self._place

    def install(self, names: Iterable[str] = ()) -> None:
        """Fetch what these engines (none named: all) are made of; raises EngineError."""
        cache = cache_folder()
        with ThreadPoolExecutor(FETCHED_AT_ONCE) as pool:  # fetching is waiting, for the most part
            for done in [pool.submit(one.install, cache, self._settings) for one in chosen(names)]:
                done.result()

    def up(self, names: Iterable[str] = (), within_s: float = UP_WITHIN_S) -> None:
        """Start these engines or servers and what they need; return when all answer.

        Raises EngineError that says which does not, and why.
        """
        names = list(names)
        with self.home.commanding():
            self.install(names)
            servers = servers_of(names, ENGINES, self.place)
            if not servers:
                return  # an environment alone
            if not self.home.supervisor():
                self._end_orphans()
            running = {state.name for state in self.status()}
            for server in servers:
                if server.name not in running:
                    refuse_answering(self.place.ports, server.ports)
            wanted = self.home.wanted() if self.home.supervisor() else []
            self.home.want(sorted({*wanted, *(server.name for server in servers)}))
            self._supervise()
        self._wait_ready([server.name for server in servers], within_s)

    def down(self, names: Iterable[str] = ()) -> None:
        """Stop these and what needs them; none named: all, the supervisor too."""
        names = list(names)
        with self.home.commanding():
            if names:
                self._stop_some(names)
            else:
                self._stop_all()

    def leave(self) -> None:
        """Leave the engines up when this process ends."""
        if self._child is not None:
            self._child.returncode = 0  # else Python warns of a child that nobody waited for

    def status(self) -> list[ServerState]:
        """Return how the servers do that are wanted; none without a supervisor."""
        return self.home.state().servers if self.home.supervisor() else []

    def orphans(self) -> list[str]:
        """Return what a killed supervisor left running; the next up or down ends it."""
        if self.home.supervisor():
            return []
        states = self.home.state().servers
        return [one.name for one in states if Started(one.pid, one.started_ticks).alive()]

    def server(self, name: str) -> ServerState:
        """Return how one server does; raises EngineError if it is not up."""
        for state in self.status():
            if state.name == name:
                return state
        raise EngineError(f"{name} is not up in {self.home.folder}")

    def urls(self, names: Iterable[str] = ()) -> Mapping[str, str]:
        """Return the addresses of these engines (none named: of all), whether up or not."""
        named = list(names)
        engines = [engine for engine in ENGINES if not named or engine.name in named]
        return {name: url for engine in engines for name, url in engine.urls(self.place).items()}

    def servers(self) -> list[Server]:
        """Return all servers whose engines are installed, in the order of their start."""
        found = []
        for engine in ENGINES:
            try:
                found += list(engine.servers(self.place))
            except EngineError:
                continue  # a program of it lacks: it cannot be wanted
        return found

    def _supervise(self) -> None:
        """Start the supervisor unless it runs."""
        if self.home.supervisor():
            return
        command = [sys.executable, "-m", "deploy.engines", "supervise"]
        command += ["--home", str(self.home.folder)]
        command += ["--settings", str(self._settings_file.absolute())]
        command += ["--owner", str(os.getpid())] if self._owned else []
        with (self.home.folder / "supervisor.log").open("wb") as log:
            self._reap()
            self._child = subprocess.Popen(
                command, cwd=HERE.parents[1], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        for _ in _until(30.0):
            if self.home.supervisor():
                return
            if self._child.poll() is not None:
                break
        raise EngineError(_tail(self.home.folder / "supervisor.log"))

    def _reap(self) -> None:
        """Wait for the supervisor that this process started, which has ended."""
        if self._child is not None:
            self._child.wait()
            self._child = None

    def _wait_ready(self, names: list[str], within_s: float) -> None:
        lacking = list(names)
        before = {state.name: state.restarts for state in self.status()}
        for _ in _until(within_s):
            if not self.home.supervisor():
                raise EngineError(_tail(self.home.folder / "supervisor.log"))
            states = {state.name: state for state in self.status()}
            lacking = [name for name in names if not _is_ready(states.get(name))]
            if not lacking:
                return
            for name in lacking:
                _give_up_on(states.get(name), before.get(name, 0))
        raise EngineError(f"not ready within {within_s:.0f} s: {self._why(lacking)}")

    def _why(self, names: list[str]) -> str:
        problems = {state.name: state.problem or state.phase for state in self.status()}
        return "; ".join(f"{name}: {problems.get(name, 'not started')}" for name in names)

    def _stop_some(self, names: list[str]) -> None:
        named = {
            server.name
            for server in self.servers()
            if server.name in names or server.name.split("_")[0] in names
        }
        if not named:
            raise EngineError(f"no engine or server is named {', '.join(names)}")
        going = dependents(named, self.servers())
        self.home.want([name for name in self.home.wanted() if name not in going])
        for _ in _until(DOWN_WITHIN_S):
            if not {state.name for state in self.status()} & set(going):
                return
        raise EngineError(f"not stopped within {DOWN_WITHIN_S:.0f} s: {self._why(going)}")

    def _stop_all(self) -> None:
        if pid := self.home.supervisor():
            os.kill(pid, signal.SIGTERM)
            for _ in _until(DOWN_WITHIN_S):
                if not self.home.supervisor():
                    break
            else:
                raise EngineError(f"the supervisor ({pid}) did not stop: {self._why([])}")
        self._reap()
        self._end_orphans()
        if self.home.folder.exists():
            self.home.want([])

    def _end_orphans(self) -> None:
        """End what a killed supervisor left running."""
        signals = {server.name: server.stop_signal for server in self.servers()}
        for left in reversed(self.home.state().servers):
            if left.pid:
                number = signals.get(left.name, signal.SIGTERM)
                Started(left.pid, left.started_ticks).end(number, DOWN_WITHIN_S)


def _is_ready(state: ServerState | None) -> bool:
    return state is not None and state.phase == "ready" and not state.problem


def _give_up_on(state: ServerState | None, restarts_before: int) -> None:
    if state and state.restarts >= restarts_before + DEATHS_MAX:
        tail = _tail(Path(state.log))
        raise EngineError(f"{state.name}: {state.problem or state.phase}\n{tail}")


def _tail(log: Path) -> str:
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - LOG_TAIL_BYTES))
        return file.read().decode("utf-8", "replace").strip()


def _until(seconds: float, wait: Callable[[float], None] = time.sleep) -> Iterator[None]:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        yield
        wait(LOOK_EVERY_S)
