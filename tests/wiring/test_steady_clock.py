"""The system's clock: what jumps and comes back moves nothing; what stays is followed."""

import os
import resource
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from queqiao.kernel.clock import (
    DAY_US,
    HOUR_US,
    MINUTE_US,
    SECOND_US,
    AnchoredClock,
    Clock,
    FixedClock,
    SystemClock,
    since_boot_us,
)
from queqiao.wiring import system
from queqiao.wiring.settings import Settings
from queqiao.wiring.steady_clock import ClockKeeper, anchor_file, clock_of, difference_us
from queqiao.wiring.supervisor import lock

T0 = 1_780_000_000_000_000
FOLLOW_AFTER_US = 5 * MINUTE_US


class Machine:
    """A machine whose clock can be set, and whose count since its start can not."""

    def __init__(self) -> None:
        self.clock = FixedClock(T0)
        self.counted = 77 * SECOND_US

    def counted_us(self) -> int:
        return self.counted

    def go_on(self, us: int) -> None:
        self.counted += us
        self.clock.advance_us(us)


class Watched:
    """A keeper of such a machine, looked at once a second."""

    def __init__(self, home: Path) -> None:
        self.machine = Machine()
        self.home = home
        self.keeper = ClockKeeper(
            home, FOLLOW_AFTER_US, self.machine.clock, self.machine.counted_us
        )

    def go_on(self, us: int) -> None:
        for _ in range(us // SECOND_US):
            self.machine.go_on(SECOND_US)
            self.keeper.look()

    @property
    def now_us(self) -> int:
        """Return what the roles take for the time."""
        raw = anchor_file(self.home).read_bytes()
        return int.from_bytes(raw, sys.byteorder, signed=True) + self.machine.counted


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def test_it_begins_with_the_machines_clock_and_goes_on_with_it(watched: Watched) -> None:
    assert watched.now_us == T0
    watched.go_on(MINUTE_US)
    assert watched.now_us == T0 + MINUTE_US == watched.machine.clock.now_us()


@pytest.mark.parametrize("jump_us", [HOUR_US, -HOUR_US, 2 * SECOND_US, -(10**14)])
def test_a_jump_that_goes_back_moves_nothing(watched: Watched, jump_us: int) -> None:
    watched.machine.clock.advance_us(jump_us)
    watched.go_on(4 * MINUTE_US)
    assert watched.now_us == T0 + 4 * MINUTE_US
    watched.machine.clock.advance_us(-jump_us)
    watched.go_on(10 * MINUTE_US)
    assert watched.now_us == T0 + 14 * MINUTE_US


@pytest.mark.parametrize("jump_us", [HOUR_US, -HOUR_US, 2 * SECOND_US])
def test_a_jump_that_stays_is_followed_and_said(watched: Watched, jump_us: int) -> None:
    with structlog.testing.capture_logs() as lines:
        watched.machine.clock.advance_us(jump_us)
        watched.go_on(FOLLOW_AFTER_US)
        assert watched.now_us == T0 + FOLLOW_AFTER_US
        watched.go_on(2 * SECOND_US)
    assert watched.now_us == watched.machine.clock.now_us()
    assert [(one["event"], one["by_s"]) for one in lines] == [
        ("the machine's clock has jumped; it is followed if it stays", jump_us / SECOND_US),
        ("the machine's clock is followed", jump_us / SECOND_US),
    ]


def test_a_clock_that_goes_on_jumping_is_not_followed_until_it_rests(watched: Watched) -> None:
    chance = Random(4)
    for _ in range(10):
        watched.machine.clock.advance_us(chance.choice([-1, 1]) * chance.randrange(HOUR_US))
        watched.go_on(3 * MINUTE_US)
    assert watched.now_us == T0 + 30 * MINUTE_US
    watched.go_on(FOLLOW_AFTER_US)
    assert watched.now_us == watched.machine.clock.now_us()


def test_a_small_step_of_a_time_server_is_followed_at_once(watched: Watched) -> None:
    watched.machine.clock.advance_us(-200_000)
    watched.go_on(SECOND_US)
    assert watched.now_us == watched.machine.clock.now_us()


def test_the_time_between_two_looks_at_clocks_moves_nothing(watched: Watched) -> None:
    watched.machine.clock.advance_us(300)
    watched.go_on(SECOND_US)
    assert watched.now_us == watched.machine.clock.now_us() - 300


@settings(deadline=None, max_examples=60)
@given(
    jumps=st.lists(
        st.tuples(
            st.integers(2 * SECOND_US, HOUR_US).flatmap(lambda us: st.sampled_from([us, -us])),
            st.integers(1, 20).map(lambda s: s * SECOND_US),
        ),
        max_size=8,
    )
)
def test_it_is_never_off_the_count_but_by_what_lasted(jumps, tmp_path_factory) -> None:
    """However it jumps: while no difference lasts, the time is what was counted."""
    watched = Watched(tmp_path_factory.mktemp("home"))
    counted = 0
    for by_us, for_us in jumps:
        watched.machine.clock.advance_us(by_us)
        watched.go_on(for_us)
        counted += for_us
        watched.machine.clock.advance_us(-by_us)
    assert watched.now_us == T0 + counted


def test_roles_of_a_running_system_go_by_the_anchor_others_by_the_machine(tmp_path: Path) -> None:
    assert isinstance(clock_of(tmp_path), SystemClock)
    keeper = ClockKeeper(tmp_path, FOLLOW_AFTER_US)
    assert isinstance(clock_of(tmp_path), SystemClock), "a file that a dead system left"
    lock(tmp_path)
    ours = clock_of(tmp_path)
    assert abs(ours.now_us() - SystemClock().now_us()) < SECOND_US
    keeper._put(keeper._anchor_us - HOUR_US)
    assert abs(SystemClock().now_us() - ours.now_us() - HOUR_US) < SECOND_US
    assert abs(difference_us(tmp_path) - HOUR_US) < SECOND_US


@contextmanager
def full_disk() -> Iterator[None]:
    """Let every write to a file fail, as on a disk without room."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def leave_old_anchor(home: Path) -> None:
    """Leave the anchor of another start of the machine: it makes the time three days early."""
    anchor_us = SystemClock().now_us() - since_boot_us() - 3 * DAY_US
    anchor_file(home).parent.mkdir(exist_ok=True)
    anchor_file(home).write_bytes(anchor_us.to_bytes(8, sys.byteorder, signed=True))


def test_an_anchor_that_cannot_be_laid_down_is_told_and_nothing_is_left(tmp_path: Path) -> None:
    leave_old_anchor(tmp_path)
    held = lock(tmp_path)
    with full_disk(), pytest.raises(OSError, match="too large"):
        ClockKeeper(tmp_path, FOLLOW_AFTER_US)
    assert [file.name for file in (tmp_path / "run").iterdir()] == ["lock"]
    assert isinstance(clock_of(tmp_path), SystemClock)
    ClockKeeper(tmp_path, FOLLOW_AFTER_US)
    assert isinstance(clock_of(tmp_path), AnchoredClock)
    os.close(held)


@pytest.mark.parametrize("content", [b"", b"1234567"])
def test_an_anchor_that_is_cut_short_kills_nobody(tmp_path: Path, content: bytes) -> None:
    held = lock(tmp_path)
    anchor_file(tmp_path).write_bytes(content)
    assert isinstance(clock_of(tmp_path), SystemClock)
    assert difference_us(tmp_path) == 0
    ClockKeeper(tmp_path, FOLLOW_AFTER_US)
    assert isinstance(clock_of(tmp_path), AnchoredClock), "the next start mends it"
    os.close(held)


@pytest.mark.parametrize("by_us", [200_000, HOUR_US])
def test_a_move_that_fails_is_tried_again_and_said_once(watched: Watched, by_us: int) -> None:
    watched.machine.clock.advance_us(by_us)
    with structlog.testing.capture_logs() as lines, full_disk():
        watched.go_on(FOLLOW_AFTER_US + MINUTE_US)
    said = [line["event"] for line in lines]
    assert said.count("the clock's anchor could not be moved") == 1
    assert "the machine's clock is followed" not in said
    assert watched.now_us == watched.machine.clock.now_us() - by_us
    watched.go_on(SECOND_US)
    assert watched.now_us == watched.machine.clock.now_us()


def test_a_move_reaches_those_who_mapped_the_anchor(tmp_path: Path) -> None:
    held = lock(tmp_path)
    machine = Machine()
    keeper = ClockKeeper(tmp_path, FOLLOW_AFTER_US, machine.clock, machine.counted_us)
    ours = clock_of(tmp_path)
    before_us = ours.now_us()
    machine.clock.advance_us(900_000)
    keeper.look()
    assert 900_000 <= ours.now_us() - before_us < 900_000 + MINUTE_US
    os.close(held)


def test_a_start_leaves_no_time_to_an_old_anchor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes first after the lock, the socket, finds the new anchor already."""
    leave_old_anchor(tmp_path)
    held: list[int] = []
    seen: list[Clock] = []

    def locked(home: Path) -> int:
        held.append(lock(home))
        return held[0]

    def stopped(settings: Settings) -> socket.socket:
        seen.append(clock_of(settings.home))
        raise KeyboardInterrupt

    monkeypatch.setattr(system, "lock", locked)
    monkeypatch.setattr(system, "public_socket", stopped)
    monkeypatch.setattr("queqiao.wiring.logs.set_up", lambda: None)
    with pytest.raises(KeyboardInterrupt):
        system.run(Settings(home=tmp_path))
    assert isinstance(seen[0], AnchoredClock)
    assert abs(seen[0].now_us() - SystemClock().now_us()) < SECOND_US
    os.close(held[0])
