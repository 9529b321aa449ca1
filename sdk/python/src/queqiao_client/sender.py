"""The thread that sends what lies in the spool, until the answer is 200."""

import json
import logging
import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from queqiao_client.errors import QueqiaoError, Refused, Unreachable
from queqiao_client.events import rfc3339
from queqiao_client.spool import Batch, Spool
from queqiao_client.transport import Answer, Transport

log = logging.getLogger("queqiao_client")

BACKOFF_S = 0.5
BACKOFF_S_MAX = 300.0
REFUSED_STATUSES = frozenset((400, 413))
"""Answers to what the batch holds: in halves, the good events of it pass."""


class Pace(NamedTuple):
    """When and how much to send."""

    flush_every_s: float
    batch_events_max: int
    batch_bytes_max: int


class Sender:
    """Sends in the order of the spool. Waits between attempts: at least as long as was asked."""

    def __init__(
        self,
        spool: Spool,
        transport: Transport,
        pace: Pace,
        on_error: Callable[[QueqiaoError], None],
        chance: random.Random,
    ) -> None:
        self._spool = spool
        self._transport = transport
        self._pace = pace
        self._on_error = on_error
        self._chance = chance
        self._moved = threading.Condition()
        self._thread: threading.Thread | None = None
        self._new = 0
        self._hurry = False
        self._stopping = False
        self._events_max = pace.batch_events_max
        self._failures = 0
        self._not_before = 0.0
        """By the monotonic clock."""
        self._asked_to_wait = False

    def wake(self) -> None:
        """Say that an event has come."""
        with self._moved:
            self._new += 1
            if self._thread is None:
                self._start()
            elif self._new in {1, self._pace.batch_events_max}:
                self._moved.notify_all()

    def flush(self, timeout_s: float | None) -> bool:
        """Return True once what is in the spool now has arrived, False when that takes too long."""
        last = self._spool.last()
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        with self._moved:
            self._hurry = True
            if self._thread is None:
                self._start()
            if not self._asked_to_wait:
                self._not_before = 0.0
            self._moved.notify_all()
            return self._moved.wait_for(
                lambda: last is None or self._spool.is_sent(last),
                None if deadline is None else max(0.0, deadline - time.monotonic()),
            )

    def stop(self, timeout_s: float) -> bool:
        """End the thread; say whether it has ended in time."""
        with self._moved:
            self._stopping = True
            self._moved.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(timeout_s)
        return thread is None or not thread.is_alive()

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="queqiao-sender", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while self._wait():
            batch = self._spool.next_batch(self._events_max, self._pace.batch_bytes_max)
            if batch is not None:
                self._send_patiently(batch)
            with self._moved:
                self._hurry = self._hurry and batch is not None
                self._moved.notify_all()
        self._transport.close()

    def _wait(self) -> bool:
        """Wait until there is something to send and the time to do it; False at the end."""
        with self._moved:
            self._moved.wait_for(self._has_work)
            self._moved.wait_for(self._is_full, self._pace.flush_every_s)
            self._new = 0
            while not self._stopping and (rest_s := self._not_before - time.monotonic()) > 0:
                self._moved.wait(rest_s)
            return not self._stopping

    def _has_work(self) -> bool:
        return self._stopping or self._hurry or self._new > 0 or not self._spool.is_empty()

    def _is_full(self) -> bool:
        return self._stopping or self._hurry or self._new >= self._pace.batch_events_max

    def _send_patiently(self, batch: Batch) -> None:
        try:
            self._send(batch)
        except OSError as error:  # of the spool's disk; the events stay there
            self._back_off(Answer(0, None, f"the spool: {error}"))

    def _send(self, batch: Batch) -> None:
        if batch.damaged:
            self._tell(QueqiaoError(f"{batch.damaged} lines of the spool were damaged"))
        if not batch.bodies:
            self._spool.mark_sent(batch)
            return
        answer = self._transport.post(_wire(batch.bodies))
        if answer.status == 200:
            self._arrived(batch)
        elif answer.status in REFUSED_STATUSES and len(batch.bodies) > 1:
            self._events_max = (len(batch.bodies) + 1) // 2
        elif answer.status in REFUSED_STATUSES:
            self._spool.set_aside(batch.bodies[0])
            self._arrived(batch)
            self._tell(Refused(answer.status, batch.bodies[0]))
        else:
            self._back_off(answer)

    def _arrived(self, batch: Batch) -> None:
        self._spool.mark_sent(batch)
        self._events_max = self._pace.batch_events_max
        self._failures, self._not_before, self._asked_to_wait = 0, 0.0, False

    def _back_off(self, answer: Answer) -> None:
        own_s = min(BACKOFF_S_MAX, BACKOFF_S * 2**self._failures) * (
            0.5 + self._chance.random() / 2
        )
        wait_s = max(own_s, answer.retry_after_s or 0.0)
        with self._moved:
            self._failures = min(self._failures + 1, 20)
            self._asked_to_wait = answer.retry_after_s is not None
            self._not_before = time.monotonic() + wait_s
        self._tell(Unreachable(answer.status, answer.reason, wait_s))

    def _tell(self, error: QueqiaoError) -> None:
        try:
            self._on_error(error)
        except Exception:
            log.exception("on_error has failed")  # the caller's fault must not stop the sending


def _wire(bodies: list[bytes]) -> bytes:
    sent_at = json.dumps(rfc3339(datetime.now(UTC))).encode()
    return b'{"batch":[%b],"sentAt":%b}' % (b",".join(bodies), sent_at)
