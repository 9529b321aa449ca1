"""How many events a source may send: a token bucket for each, so that a flood harms no other.

A bucket holds the events of one second. A request is taken while its source's bucket is not empty,
whatever it brings, so that a batch larger than the bucket passes too; it may leave the bucket in
debt, and then nothing is taken until the debt is paid. Over any time a source gets no more than its
rate, and the two requests at its ends.
"""

import asyncio
from collections.abc import Callable

import structlog

from queqiao.kernel.clock import SECOND_US
from queqiao.kernel.errors import Message, TooManyRequests
from queqiao.ports.event_log.base import DirectLog, NewEvents

log = structlog.get_logger()

_SLOWER = Message(
    "该来源发送过快，请按 Retry-After 等待后重发",
    "this source sends too fast; wait as Retry-After says, then send again",
)
TOLD_EVERY_US = 60 * SECOND_US
"""The log tells of a source that is over its limit at most so often."""


class SourceLimits:
    """The buckets of all sources. Sources are write keys' names, so there are only a few."""

    def __init__(self, events_per_s_max: int, now_us: Callable[[], int]) -> None:
        self._rate = events_per_s_max
        self._full = events_per_s_max * SECOND_US
        self._now_us = now_us
        # By source: what is in the bucket, in millionths of an event, and as of when.
        self._buckets: dict[str, tuple[int, int]] = {}
        self._told: dict[str, int] = {}

    def admit(self, source: str, events: int) -> None:
        """Take the events out of the source's bucket. Raises TooManyRequests, taking nothing."""
        now_us = self._now_us()
        left = self._left(source, now_us)
        if left <= 0:
            self._tell(source, now_us)
            raise TooManyRequests(_SLOWER, retry_after_s=self._wait_s(left))
        self._buckets[source] = (left - events * SECOND_US, now_us)

    def give_back(self, source: str, events: int) -> None:
        """Put events back that were not stored after all."""
        left, at_us = self._buckets[source]
        self._buckets[source] = (left + events * SECOND_US, at_us)

    def _left(self, source: str, now_us: int) -> int:
        left, at_us = self._buckets.get(source, (self._full, now_us))
        return min(self._full, left + max(0, now_us - at_us) * self._rate)

    def _wait_s(self, left: int) -> int:
        """Return the whole seconds after which there is something in the bucket again."""
        return -left // self._full + 1

    def _tell(self, source: str, now_us: int) -> None:
        told_us = self._told.get(source)
        if told_us is None or not 0 <= now_us - told_us < TOLD_EVERY_US:
            self._told[source] = now_us
            log.warning("a source is over its limit", source=source, events_per_s_max=self._rate)


class LimitedLog:
    """The quick way into a log for sources within their limits.

    One that is over it goes the general way, which tells it so.
    """

    def __init__(self, inner: DirectLog, limits: SourceLimits) -> None:
        self._inner = inner
        self._limits = limits

    def append_new(self, events: NewEvents) -> "asyncio.Future[None] | None":
        """Store events as the log does. Raises TooManyRequests, having done nothing."""
        count = len(events.message_ids)
        self._limits.admit(events.source, count)
        stored = self._inner.append_new(events)
        if stored is None:  # the general way takes them, and counts them there
            self._limits.give_back(events.source, count)
        return stored
