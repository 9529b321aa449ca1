"""Records of decisions on their way to the log: an answer does not wait for them.

They are written a moment later, all that gathered in one append. When the log fails, what was
answered waits here and is tried again, and from then on no ad is shown until the log is back. What
a worker had not written when it is killed is lost; an ad of it that costs something is recorded
anew by its notice (``rebuilt.py``).
"""

import asyncio
from collections import deque
from collections.abc import Sequence

import structlog

from queqiao.kernel.errors import QueqiaoError, StorageFull, Unavailable
from queqiao.ports.event_log.base import EventLog, NewEvent
from queqiao.ports.event_log.deadline import append_soon

log = structlog.get_logger()

WAITING_MAX = 20_000
"""Records that may wait, about 60 MB; with more no ad is shown."""
AT_ONCE = 500
RETRY_S = 0.2
FLUSH_WITHIN_S = 5.0
"""How long a worker that stops waits for the log."""


class Outbox:
    """Writes records to a log. Bound to the event loop of its first call."""

    def __init__(self, event_log: EventLog) -> None:
        self._event_log = event_log
        self._waiting: deque[NewEvent] = deque()
        self._fault: type[QueqiaoError] | None = None
        self._writing: asyncio.Task[None] | None = None

    def check(self) -> None:
        """Raise StorageFull or Unavailable when the log takes nothing just now."""
        if self._fault is not None:
            raise self._fault
        if len(self._waiting) >= WAITING_MAX:
            raise Unavailable

    def put(self, events: Sequence[NewEvent]) -> None:
        """Take records that will be written in a moment, in their order."""
        self._waiting.extend(events)
        if self._waiting and (self._writing is None or self._writing.done()):
            self._writing = asyncio.create_task(self._write())

    async def flush(self, within_s: float = FLUSH_WITHIN_S) -> None:
        """Wait until all that was put is written. Raises Unavailable when the time is over."""
        if self._writing is None:
            return
        try:
            async with asyncio.timeout(within_s):
                await asyncio.shield(self._writing)
        except TimeoutError as error:
            raise Unavailable from error

    async def close(self, within_s: float = FLUSH_WITHIN_S) -> None:
        """Write what waits, as long as that takes no longer."""
        try:
            await self.flush(within_s)
        except Unavailable:
            log.warning("records of decisions were not written", records=len(self._waiting))
        if self._writing is not None:
            self._writing.cancel()

    async def _write(self) -> None:
        while self._waiting:
            some = [self._waiting[at] for at in range(min(AT_ONCE, len(self._waiting)))]
            try:
                await append_soon(self._event_log, some)
            except (StorageFull, Unavailable) as error:
                if self._fault is None:
                    log.warning("records of decisions wait for the log", reason=repr(error))
                self._fault = type(error)
                await asyncio.sleep(RETRY_S)
            else:
                self._fault = None
                for _ in some:
                    self._waiting.popleft()
