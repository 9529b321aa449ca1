"""Scheduled work is done when there is something new to it, not because time went by."""

from collections.abc import Awaitable, Callable

from queqiao.kernel.clock import MINUTE_US, Clock
from queqiao.ports.warehouse.base import Warehouse
from queqiao.process.contracts import watermark

Work = Callable[[], Awaitable[None]]
State = Callable[[], Awaitable[object]]


async def nothing() -> object:
    """Tell nothing beside the events."""
    return None


class Freshness:
    """Knows for each work what it was last done for."""

    def __init__(self, warehouse: Warehouse, clock: Clock) -> None:
        self._warehouse = warehouse
        self._clock = clock
        self._done: dict[str, tuple[object, int]] = {}

    def only(self, name: str, work: Work, about: State = nothing) -> Work:
        """Return the work such that it is done only when there is something new to it.

        New are events in the warehouse and whatever ``about`` tells; and since time alone moves
        what "seven days ago" means, it is done when it was last done a minute ago.
        """

        async def attempt() -> None:
            now_us = self._clock.now_us()
            state = ((await watermark(self._warehouse)).offset, await about())
            done, at_us = self._done.get(name, (None, 0))
            if done != state or now_us - at_us >= MINUTE_US:
                await work()
                self._done[name] = (state, now_us)

        return attempt
