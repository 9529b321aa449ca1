"""The clock that all roles go by. It stays as it is when somebody sets the machine's clock.

A business day, a budget and the mending of clients' clocks hang on our clock, so an hour that is
set by mistake (a time server gone wrong, a machine that was moved) must not reach them. Roles count
on from an anchor by the machine's own count since its start, which nobody can set. The anchor is
one number in the home; the supervisor alone moves it: small differences at once, a larger one when
it has lasted. So a clock that was wrong and is set right is followed in the end. What a start of
the system finds is trusted: there is nothing yet to hold it against.
"""

import mmap
import os
import sys
from collections.abc import Callable
from pathlib import Path

import structlog

from queqiao.kernel.clock import SECOND_US, AnchoredClock, Clock, SystemClock, since_boot_us
from queqiao.wiring.supervisor import is_held

log = structlog.get_logger()

NOTED_US_MIN = 1_000
"""A smaller difference is the time between two looks, not a difference."""
JUMP_US_MIN = SECOND_US
"""A smaller one is a time server at work and is followed at once."""
_ANCHOR_BYTES = 8


def anchor_file(home: Path) -> Path:
    """Return where the anchor of a home's system lies."""
    return home / "run" / "clock"


def clock_of(home: Path) -> Clock:
    """Return the clock of the home's system; where none runs, the machine's."""
    if not is_held(home):  # asked first: an anchor that was read before may be a dead system's
        return SystemClock()
    try:
        with anchor_file(home).open("rb") as file:
            shared = mmap.mmap(file.fileno(), _ANCHOR_BYTES, access=mmap.ACCESS_READ)
    except (OSError, ValueError):  # a file that is too short raises ValueError
        return SystemClock()
    return AnchoredClock(memoryview(shared).cast("q"))


def difference_us(home: Path) -> int:
    """Return by how much the machine's clock is ahead of the system's (µs); 0 where none runs."""
    ours = clock_of(home)
    return SystemClock().now_us() - ours.now_us() if isinstance(ours, AnchoredClock) else 0


class ClockKeeper:
    """Keeps the anchor. One per home, in the supervisor.

    ``follow_after_us``: so long must the machine's clock differ by the same before it is followed.
    Raises OSError when the anchor cannot be laid down; no anchor lies in the home then.
    """

    def __init__(
        self,
        home: Path,
        follow_after_us: int,
        machine: Clock | None = None,
        counted_us: Callable[[], int] = since_boot_us,
    ) -> None:
        self._machine = machine or SystemClock()
        self._counted_us = counted_us
        self._follow_after_us = follow_after_us
        self._jump_us = self._jumped_at_us = 0
        self._failed = False
        self._anchor_us = self._machine.now_us() - counted_us()
        self._file = _fresh(anchor_file(home), _packed(self._anchor_us))

    def look(self) -> None:
        """Compare the machine's clock with the anchor, and follow it or wait. About once a second.

        Between two looks a difference that comes and goes is not seen, and needs not be.
        """
        counted_us = self._counted_us()
        ahead_us = self._machine.now_us() - counted_us - self._anchor_us
        if abs(ahead_us) < JUMP_US_MIN:
            if self._jump_us:
                self._jump_us = 0
                log.info("the machine's clock is back where it was")
            if abs(ahead_us) >= NOTED_US_MIN:
                self._put(self._anchor_us + ahead_us)
        elif abs(ahead_us - self._jump_us) >= JUMP_US_MIN:
            self._jump_us, self._jumped_at_us = ahead_us, counted_us
            log.warning(
                "the machine's clock has jumped; it is followed if it stays",
                by_s=ahead_us / SECOND_US,
                after_s=self._follow_after_us / SECOND_US,
            )
        elif counted_us - self._jumped_at_us >= self._follow_after_us:
            self._follow(ahead_us)

    def _follow(self, ahead_us: int) -> None:
        if self._put(self._anchor_us + ahead_us):
            self._jump_us = 0
            log.warning("the machine's clock is followed", by_s=ahead_us / SECOND_US)

    def _put(self, anchor_us: int) -> bool:
        """Move the anchor; return whether it moved. If not, the next look finds the same again."""
        # Into the same file, which the roles have mapped. Written, not mapped: on a full disk a
        # write fails where a map would kill.
        try:
            os.pwrite(self._file, _packed(anchor_us), 0)
        except OSError as error:
            if not self._failed:  # said once, not at every look
                log.warning("the clock's anchor could not be moved", reason=str(error))
            self._failed = True
            return False
        self._anchor_us, self._failed = anchor_us, False
        return True


def _packed(anchor_us: int) -> bytes:
    return anchor_us.to_bytes(_ANCHOR_BYTES, sys.byteorder, signed=True)


def _fresh(path: Path, content: bytes) -> int:
    """Return the descriptor of a new file: roles of an earlier system keep their own.

    It is renamed into place when it is whole, so nobody finds it empty. The old one goes first: it
    may count from another start of the machine.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    file = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.pwrite(file, content, 0)
        unfinished.rename(path)
    except OSError:
        os.close(file)
        unfinished.unlink(missing_ok=True)
        raise
    return file
