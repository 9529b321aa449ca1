"""The process that keeps an instance's servers until it is told to stop."""

import signal
import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import closing

import msgspec

from deploy.engines.engine import Place, Server
from deploy.engines.errors import EngineError
from deploy.engines.keeper import Keeper
from deploy.engines.ports import hold
from deploy.engines.processes import Started
from deploy.engines.state import Home, State

LOOK_EVERY_S = 0.1


class Supervisor:
    """Keeps those of ``servers`` (in order of start) that the home says are wanted.

    With an ``owner`` it works no longer than that process runs.
    """

    def __init__(
        self, home: Home, place: Place, servers: Sequence[Server], owner: Started | None = None
    ) -> None:
        self._home = home
        self._place = place
        self._servers = servers
        self._keepers: dict[str, Keeper] = {}
        self._owner = owner
        self._told = b""

    def run(self, stopping: threading.Event) -> None:
        """Work until ``stopping`` is set; then stop all in reverse order and return."""
        with closing(hold(self._place.ports["base"])):
            self._tell()
            while not stopping.wait(LOOK_EVERY_S) and self._is_owned():
                self._follow(set(self._home.wanted()))
                self._tell()
            self._stop(self._keepers)

    def _is_owned(self) -> bool:
        return self._owner is None or self._owner.alive()

    def _follow(self, wanted: set[str]) -> None:
        self._stop(set(self._keepers) - wanted)
        for server in self._servers:
            if server.name in wanted and server.name not in self._keepers:
                needs = [self._keepers[name] for name in server.needs]
                self._keepers[server.name] = Keeper(server, self._place, needs)

    def _stop(self, names: Iterable[str]) -> None:
        """Stop those first that no other of them needs."""
        left = set(names)
        while left:
            needed = {need for name in left for need in self._keepers[name].server.needs}
            last = [self._keepers[name] for name in left - needed]
            for keeper in last:
                keeper.stop()
            while any(keeper.works() for keeper in last):
                self._tell()
                time.sleep(LOOK_EVERY_S)
            for keeper in last:
                del self._keepers[keeper.server.name]
                left.discard(keeper.server.name)
            self._tell()

    def _tell(self) -> None:
        """Write how the servers do, if it changed."""
        states = [
            self._keepers[server.name].state
            for server in self._servers
            if server.name in self._keepers
        ]
        told = msgspec.json.encode(State(states))
        if told != self._told:
            self._home.write_state(told)
            self._told = told


def run_as_process(
    home: Home, place: Place, servers: Sequence[Server], owner: Started | None = None
) -> None:
    """Be the supervisor of a home until SIGTERM or SIGINT, or until its owner is gone."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    with home.supervising() as alone:
        if not alone:
            raise EngineError(f"{home.folder}: another supervisor works in this home")
        Supervisor(home, place, servers, owner).run(stopping)
