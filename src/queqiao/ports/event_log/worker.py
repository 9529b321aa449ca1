"""A thread that does one kind of work when woken, and tries again when the disk refuses."""

from collections.abc import Callable
from threading import Condition, Thread

import structlog

RETRY_EVERY_S = 1.0

log = structlog.get_logger()


class Worker:
    """Calls ``work`` after each ``wake`` until it returns False; tries again after an OSError."""

    def __init__(self, name: str, work: Callable[[], bool]) -> None:
        self._name = name
        self._work = work
        self._state = Condition()
        self._woken = False
        self._idle = True
        self._stopping = False
        self._thread = Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """There is work."""
        with self._state:
            self._woken = True
            self._state.notify_all()

    def settle(self, timeout_s: float | None = None) -> None:
        """Return when all work asked for so far is done, or the time is over."""
        with self._state:
            self._state.wait_for(
                lambda: self._stopping or (self._idle and not self._woken), timeout_s
            )

    def stop(self) -> None:
        """Finish the piece in hand and end the thread."""
        with self._state:
            self._stopping = True
            self._state.notify_all()
        self._thread.join()

    def _run(self) -> None:
        while self._next():
            try:
                while not self._stopping and self._work():
                    pass
            except OSError as error:
                log.warning("work waits for its disk", worker=self._name, cause=str(error))
                self._try_later()

    def _next(self) -> bool:
        with self._state:
            self._idle = True
            self._state.notify_all()
            self._state.wait_for(lambda: self._woken or self._stopping)
            self._woken = self._idle = False
            return not self._stopping

    def _try_later(self) -> None:
        with self._state:
            self._state.wait_for(lambda: self._stopping, timeout=RETRY_EVERY_S)
            self._woken = True
