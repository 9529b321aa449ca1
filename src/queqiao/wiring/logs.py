"""Our own log: a line an entry on stderr; colours for people, JSON for programs."""

import logging
import os
import sys
from contextlib import suppress
from io import TextIOBase
from typing import TextIO, cast

import structlog


class _Stderr(TextIOBase):
    """Standard error that never raises.

    Where the log shares the full disk that it tells of, the line is lost, not the answer.
    """

    def __init__(self) -> None:
        self._pending: list[str] = []

    def write(self, text: str) -> int:
        """Keep text until the next flush, so that a line is written in one piece."""
        self._pending.append(text)
        return len(text)

    def flush(self) -> None:
        """Write what was kept; nobody hears of a failure."""
        text = "".join(self._pending)
        self._pending.clear()
        with suppress(OSError):
            os.write(sys.stderr.fileno(), text.encode(errors="backslashreplace"))


def set_up(level: int = logging.INFO) -> None:
    """Set the log up for this process and those forked from it."""
    human = sys.stderr.isatty()
    renderer: structlog.typing.Processor = (
        # Richer tracebacks print the variables of each frame, and with them keys and people.
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if human
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    processors: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        renderer,
    ]
    if not human:
        processors.insert(-1, structlog.processors.format_exc_info)
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", _Stderr())),
        cache_logger_on_first_use=True,
    )
