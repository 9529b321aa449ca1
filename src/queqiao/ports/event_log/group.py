"""What gathers while the last commit runs. It becomes one frame, and one future wakes all of it."""

import asyncio

from queqiao.kernel.errors import QueqiaoError
from queqiao.ports.event_log.records import Columns

GROUP_BYTES_MAX = 8 << 20
"""A group that has so many bytes takes no more: the next events begin another one."""


class Group(Columns):
    """New events, and the future of whoever waits for them: so many callers do."""

    __slots__ = ("callers", "stored")

    def __init__(self, first: int, stored: "asyncio.Future[None]") -> None:
        super().__init__(first)
        self.stored = stored
        self.callers = 0

    def settle(self, error: BaseException | None) -> None:
        """Wake everyone who waits. Each failed group gets an error of its own."""
        if self.stored.done():
            return
        if error is None:
            self.stored.set_result(None)
            return
        fresh = type(error)(error.detail) if isinstance(error, QueqiaoError) else error
        self.stored.set_exception(fresh)
        self.stored.exception()  # the clients may have left: then nobody else asks
