"""Records of ads that cost something, made anew: each billed notice has its ``Ad Served``.

A decision is answered before its record is written (``outbox.py``), so a worker that is killed
takes the records of its last moment with it. A notice knows what the ad was and what it costs: a
while after it was billed, when a worker that lives has long written its own, the record is written
once more without the auction. Where there is one it is a repeat, which the log drops. A conversion
comes later than that, so it brings the record with it.
"""

import asyncio
from collections import deque
from itertools import islice

import structlog

from queqiao.decide.ads.notice_events import AdEvent, Notice, new_event, properties_of
from queqiao.kernel.clock import SECOND_US
from queqiao.kernel.errors import Unavailable
from queqiao.kernel.ids import time_of_uuid7
from queqiao.ports.event_log.base import EventLog, NewEvent

log = structlog.get_logger()

AFTER_S = 10.0
"""So long after a notice: a worker gives up a slow log sooner, and shows nothing from then on."""
AT_ONCE = 500
WAITING_MAX = 100_000
"""Notices that may wait; what comes beyond is not looked after."""


class Rebuilt(AdEvent, omit_defaults=True):
    """The properties of an ``Ad Served`` whose own record was lost: no auction, so no ``why``."""

    rebuilt: bool = False


class Rebuilder:
    """Writes records anew. Bound to the event loop of its first call."""

    def __init__(self, event_log: EventLog) -> None:
        self._event_log = event_log
        self._waiting: deque[tuple[float, Notice]] = deque()
        self._writing: asyncio.Task[None] | None = None

    def billed(self, notice: Notice) -> None:
        """See to it that the ad of a billed notice has its record."""
        if len(self._waiting) >= WAITING_MAX:
            return
        self._waiting.append((asyncio.get_running_loop().time() + AFTER_S, notice))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())

    async def _write(self) -> None:
        clock = asyncio.get_running_loop().time
        while self._waiting:
            await asyncio.sleep(max(0.0, self._waiting[0][0] - clock()))
            due = [each for at, each in islice(self._waiting, AT_ONCE) if at <= clock()]
            try:
                await self._event_log.append([served(each) for each in due])
            except Unavailable as error:
                log.warning("records are made anew later", reason=repr(error))
                await asyncio.sleep(AFTER_S)
            else:
                for _ in due:
                    self._waiting.popleft()


def is_settled(notice: Notice, now_us: int) -> bool:
    """Say whether a worker that lives has long written its own record of a notice's ad."""
    return now_us - (time_of_uuid7(notice.decision_id) or 0) > AFTER_S * SECOND_US


def served(notice: Notice) -> NewEvent:
    """Return the record of a decision as its notice knows it, at the decision's time."""
    known = properties_of(notice)
    properties = Rebuilt(
        **{name: getattr(known, name) for name in known.__struct_fields__}, rebuilt=True
    )
    return new_event(
        notice.decision_id,
        "Ad Served",
        properties,
        anonymous_id=notice.anonymous_id,
        user_id=notice.user_id,
        channel=notice.channel,
        now_us=time_of_uuid7(notice.decision_id) or 0,
    )
