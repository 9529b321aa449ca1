"""Servers are kept: started in order, started again when they die, stopped without a trace."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from tests.engines import fake

from deploy.engines import keeper, settings
from deploy.engines.engine import Place, Server
from deploy.engines.errors import EngineError, NotReady
from deploy.engines.instance import Instance
from deploy.engines.ports import free_base, refuse_answering
from deploy.engines.processes import Started
from deploy.engines.state import Home, ServerState, State
from deploy.engines.supervisor import Supervisor, run_as_process


def until(true: Callable[[], bool], within_s: float = 20.0) -> None:
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def gone(pid: int) -> bool:
    return not Started.now(pid).alive()


class House:
    """A home with fake servers ``a``, ``b`` (which needs ``a``) and ``c``."""

    def __init__(self, folder: Path, modes: dict[str, str]) -> None:
        base = free_base()
        ports = {"base": base, **{name: base + 1 + place for place, name in enumerate(modes)}}
        self.home = Home(folder)
        self.place = Place(folder, folder, settings.read(settings.DEFAULT_FILE), ports)
        self.servers = [self._server(name, mode) for name, mode in modes.items()]
        self.settled: list[str] = []

    def _server(self, name: str, mode: str) -> Server:
        port = self.place.ports[name]

        def ready() -> None:
            if fake.ask(port) != b"here":
                raise NotReady("it is deaf")

        return Server(
            name=name,
            command=[sys.executable, fake.__file__, str(port), mode],
            ports=[name],
            ready=ready,
            settle=lambda: self.settled.append(name),
            needs=["a"] if name == "b" else [],
            stop_within_s=5,
            start_within_s=1 if mode == "mute" else 20,
        )

    def state(self, name: str) -> ServerState:
        found = {state.name: state for state in self.home.state().servers}
        return found.get(name, ServerState(name, phase="stopped"))

    def is_ready(self, *names: str) -> bool:
        return all(self.state(name).phase == "ready" for name in names)

    def lives(self, name: str) -> list[float]:
        return [float(line) for line in (self.home.folder / name / "lives").read_text().split()]

    @contextmanager
    def supervised(self, owner: Started | None = None) -> Iterator[None]:
        stopping = threading.Event()
        work = Supervisor(self.home, self.place, self.servers, owner).run
        thread = threading.Thread(target=work, args=[stopping])
        thread.start()
        try:
            yield
        finally:
            stopping.set()
            thread.join()


@pytest.fixture
def house(tmp_path: Path) -> House:
    made = House(tmp_path, {"a": "plain", "b": "with child", "c": "plain"})
    made.home.want(["a", "b"])
    return made


def test_a_died_server_is_started_again_and_what_it_left_is_ended(house: House) -> None:
    with house.supervised():
        until(lambda: house.is_ready("a", "b"))
        first = house.state("b")
        child = int((house.home.folder / "b" / "child").read_text())
        assert not gone(child)
        os.kill(first.pid, signal.SIGKILL)
        until(lambda: house.state("b").restarts == 1 and house.is_ready("b"))
        assert gone(child), "the dead one's child must not live on"
        assert house.state("b").pid not in {0, first.pid}
        assert house.state("a").restarts == 0


def test_down_leaves_no_process(house: House) -> None:
    with house.supervised():
        until(lambda: house.is_ready("a", "b"))
        pids = [house.state(name).pid for name in "ab"]
        pids.append(int((house.home.folder / "b" / "child").read_text()))
    assert all(gone(pid) for pid in pids)
    assert house.home.state() == State()


def test_one_that_needs_another_starts_after_it_and_stops_before_it(house: House) -> None:
    with house.supervised():
        until(lambda: house.is_ready("a", "b"))
        assert house.settled == ["a", "b"]
        a, b = house.state("a").pid, house.state("b").pid
        assert house.lives("b") > house.lives("a")
        os.kill(b, signal.SIGSTOP)  # so that it takes until the kill to stop
        house.home.want([])
        until(lambda: house.state("b").phase == "stopping")
        assert not gone(a)
        until(lambda: gone(b) and gone(a))


def test_what_is_wanted_is_followed(house: House) -> None:
    with house.supervised():
        until(lambda: house.is_ready("a", "b"))
        house.home.want(["a", "c"])
        until(lambda: house.state("b").phase == "stopped" and house.is_ready("c"))
        assert house.state("a").restarts == 0


def test_one_that_answers_no_longer_is_told(house: House) -> None:
    with house.supervised(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(keeper, "ASK_EVERY_S", 0.05)
        until(lambda: house.is_ready("a", "b"))
        (house.home.folder / "a" / "deaf").touch()
        until(lambda: house.state("a").problem == "answers no longer: it is deaf")
        (house.home.folder / "a" / "deaf").unlink()
        until(lambda: not house.state("a").problem)


def test_one_that_dies_at_once_is_tried_less_and_less_often(tmp_path: Path) -> None:
    house = House(tmp_path, {"a": "dies"})
    house.home.want(["a"])
    with house.supervised():
        begin = time.monotonic()
        until(lambda: house.state("a").restarts == 3)
        assert time.monotonic() - begin > 0.5 + 1.0, "after 0.5, 1, 2 seconds"
        until(lambda: house.state("a").phase == "resting")
        assert house.state("a").problem.startswith("ended with status 3; its log: ")


def test_one_that_never_answers_is_ended_and_told(tmp_path: Path) -> None:
    house = House(tmp_path, {"a": "mute"})
    (house.place.folder("a") / "deaf").touch()
    house.home.want(["a"])
    with house.supervised():
        until(lambda: house.state("a").restarts == 1)
        assert "not ready within 1 s: it is deaf" in house.state("a").problem


def test_a_port_that_answers_is_refused_with_its_setting(house: House) -> None:
    with house.supervised():
        until(lambda: house.is_ready("a"))
        cure = r"something answers at 127.0.0.1:\d+ already. Stop it, or give a another port"
        with pytest.raises(EngineError, match=rf"\[ports\] a: {cure}"):
            refuse_answering(house.place.ports, ["c", "a"])


def test_a_server_waits_while_a_stranger_has_its_port(house: House) -> None:
    command = [sys.executable, fake.__file__, str(house.place.ports["a"]), "plain"]
    (house.home.folder / "stranger").mkdir()
    with subprocess.Popen(command, cwd=house.home.folder / "stranger") as stranger:
        until((house.home.folder / "stranger" / "lives").exists)
        with house.supervised():
            until(lambda: "[ports] a: something answers" in house.state("a").problem)
            assert stranger.poll() is None
            stranger.kill()
            until(lambda: house.is_ready("a"))


def test_two_instances_never_share_a_block_of_ports(house: House) -> None:
    with house.supervised():
        until(lambda: house.is_ready("a"))
        other = Supervisor(Home(house.home.folder / "other"), house.place, house.servers)
        with pytest.raises(EngineError, match=r"\[ports\] base \d+: another instance holds"):
            other.run(threading.Event())


def test_nothing_outlives_the_owner(house: House) -> None:
    owner = subprocess.Popen(fake.CHILD)
    with house.supervised(Started.now(owner.pid)):
        until(lambda: house.is_ready("a", "b"))
        pids = [house.state(name).pid for name in "ab"]
        owner.kill()
        until(lambda: all(gone(pid) for pid in pids))
    owner.wait()


def test_a_home_has_one_supervisor(house: House) -> None:
    with house.home.supervising() as alone:
        assert alone
        assert house.home.supervisor() == os.getpid()
        with pytest.raises(EngineError, match="another supervisor works in this home"):
            run_as_process(house.home, house.place, house.servers)
    assert house.home.supervisor() == 0


def test_what_a_killed_supervisor_left_is_ended_and_no_stranger(tmp_path: Path) -> None:
    left = subprocess.Popen(fake.CHILD, start_new_session=True)
    stranger = subprocess.Popen(fake.CHILD, start_new_session=True)
    known = Started.now(left.pid)
    home = Home(tmp_path)
    states = [
        ServerState("redis", "ready", known.pid, known.started_ticks),
        ServerState("valkey", "ready", stranger.pid, known.started_ticks - 1),
    ]
    home.write_state(msgspec.json.encode(State(states)))
    Instance(tmp_path).down()
    assert left.wait(5) == -signal.SIGTERM
    assert stranger.poll() is None, "its number was given away again: another process has it now"
    stranger.kill()
    stranger.wait()
