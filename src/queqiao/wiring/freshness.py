"""Scheduled work is done when there is something new to it, not because time went by."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from queqiao.kernel.clock import MINUTE_US, Clock
from queqiao.ports.warehouse.base import Warehouse
from queqiao.process.contracts import watermark

Work = Callable[[], Awaitable[None]]
State = Callable[[], Awaitable[object]]

REST_FACTOR = 20
"""New events alone begin no work for so many times as long as it took: what is counted over a long
history takes a twentieth of the time at most, and what is quick is done at every turn."""


class _Done(NamedTuple):
    """Up to which event a work was done and about what, when it began and ended.

    ``offset`` is None where it failed.
    """

    offset: int | None = None
    about: object = None
    began_us: int = 0
    ended_us: int = 0

    @property
    def rests_until_us(self) -> int:
        return self.ended_us + REST_FACTOR * (self.ended_us - self.began_us)


_NEVER = _Done()


async def nothing() -> object:
    """Tell nothing beside the events."""
    return None


class Freshness:
    """Knows for each work what it was last done for, and how long that took."""

    def __init__(self, warehouse: Warehouse, clock: Clock) -> None:
        self._warehouse = warehouse
        self._clock = clock
        self._done: dict[str, _Done] = {}

    def only(self, name: str, work: Work, about: State = nothing) -> Work:
        """Return the work such that it is done only when there is something new to it.

        New are whatever ``about`` tells, which is done at once, and events in the warehouse; and
        since time alone moves what "seven days ago" means, it is done when it was last done a
        minute ago. For these two, and after it failed, it rests first, longer the longer it took.
        """

        async def attempt() -> None:
            done, now_us = self._done.get(name, _NEVER), self._clock.now_us()
            told = await about()
            if told == done.about and now_us < done.rests_until_us:
                return
            offset = (await watermark(self._warehouse)).offset
            is_same = (offset, told) == (done.offset, done.about)
            if is_same and now_us - done.began_us < MINUTE_US:
                return
            reached = None
            try:
                await work()
                reached = offset
            finally:
                self._done[name] = _Done(reached, told, now_us, self._clock.now_us())

        return attempt
