"""What can go wrong.

QueqiaoError
├── InvalidEvent    the event cannot be sent as it is; also a ValueError
├── SpoolFull       the spool has reached its bound, or the disk is full
├── SpoolBroken     the disk failed
├── Closed          the client was closed
├── Refused         the other end will never take this event; it lies in refused.jsonl now
└── Unreachable     the last attempt to send failed; it is repeated
"""


class QueqiaoError(Exception):
    """Root of what this package raises."""


class InvalidEvent(QueqiaoError, ValueError):
    """The event cannot be sent as it is; the text names the argument and the cure."""


class SpoolFull(QueqiaoError):
    """The event was not taken: the spool is at its bound, or its disk is full."""


class SpoolBroken(QueqiaoError):
    """The disk failed: whether the event was kept is not known. Repeat it under the same id."""


class Closed(QueqiaoError):
    """The client was closed; nothing was taken."""


class Refused(QueqiaoError):
    """The other end refused one event for ever. ``body`` is the event, ``status`` the answer's."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"an event was refused with status {status}; see refused.jsonl")
        self.status = status
        self.body = body


class Unreachable(QueqiaoError):
    """An attempt failed and is repeated. ``status`` is the answer's, 0 when there was none."""

    def __init__(self, status: int, reason: str, retry_in_s: float) -> None:
        said = f"status {status}" if status else reason
        super().__init__(f"events wait in the spool ({said}); next attempt in {retry_in_s:.1f} s")
        self.status = status
        self.retry_in_s = retry_in_s
