"""One file of the spool: lines of events, appended by one process, read until all are sent.

A line is the CRC-32 of the event in eight hexadecimal digits, a blank, the event's JSON, a line
feed. How far it was sent is a number of bytes in a file beside it. That number is never forced to
disk: to lose it means to send again, and message ids make that harmless.
"""

import fcntl
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

READ_BYTES = 1 << 16
_FORCE = getattr(fcntl, "F_FULLFSYNC", None)
"""On macOS only this waits for the disk itself."""


class Line(NamedTuple):
    """An event in the file; ``body`` is None where the bytes are not what was written."""

    end: int
    body: bytes | None


def line_of(body: bytes) -> bytes:
    """Return the line of an event."""
    return b"%08x %b\n" % (crc32(body), body)


def _read(line: bytes) -> bytes | None:
    """Return the event of a whole line, None when it is damaged."""
    body = line[9:-1]
    return body if line[:9] == b"%08x " % crc32(body) else None


class Segment:
    """A file of the spool that this process owns, by a lock that ends with the process."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor: int | None = descriptor
        self._beside = path.with_suffix(".sent")
        self._syncing = threading.Lock()
        self._synced = 0
        self.size = os.fstat(descriptor).st_size
        self.sent = min(_number_in(self._beside), self.size)

    @classmethod
    def create(cls, path: Path) -> "Segment":
        """Begin a new file. Raises OSError."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return cls(path, descriptor)

    @classmethod
    def adopt(cls, path: Path) -> "Segment | None":
        """Take over what another process left; None while a living process owns it."""
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(descriptor).st_nlink:
                return cls(path, descriptor)
        except BlockingIOError:
            pass  # its owner lives and sends it
        os.close(descriptor)
        return None

    @property
    def is_sent(self) -> bool:
        """Say whether everything in the file was sent."""
        return self.sent >= self.size

    def append(self, line: bytes) -> int:
        """Write one line; return where it ends. Raises OSError, and then nothing was written."""
        assert self._descriptor is not None
        try:
            rest = memoryview(line)
            at = self.size
            while rest:
                written = os.pwrite(self._descriptor, rest, at)
                rest, at = rest[written:], at + written
        except OSError:
            os.ftruncate(self._descriptor, self.size)
            raise
        self.size = at
        return at

    def sync(self, end: int) -> None:
        """Return when everything up to ``end`` is on disk; threads that wait share one sync."""
        with self._syncing:
            if self._synced >= end or self._descriptor is None:
                return  # a file that is gone was sent whole
            size = self.size
            if _FORCE is not None:
                fcntl.fcntl(self._descriptor, _FORCE)
            else:
                os.fdatasync(self._descriptor)
            self._synced = size

    def unsent(self) -> Iterator[Line]:
        """Give what was not sent yet, in order. A torn last line was never acknowledged."""
        at, rest, size = self.sent, b"", self.size
        while (read := at + len(rest)) < size and self._descriptor is not None:
            # Never beyond the size: there a line may be half written.
            rest += os.pread(self._descriptor, min(READ_BYTES, size - read), read)
            *lines, rest = rest.split(b"\n")
            for line in lines:
                at += len(line) + 1
                yield Line(at, _read(line + b"\n"))
        if rest:
            yield Line(size, None)

    def mark_sent(self, end: int) -> None:
        """Remember that everything up to ``end`` was sent, also when an OSError is raised."""
        self.sent = end
        new = self._beside.with_suffix(".new")
        new.write_text(str(end), "ascii")
        new.replace(self._beside)

    def close(self, *, remove: bool = False) -> None:
        """Let the file go; ``remove`` it when all was sent."""
        with self._syncing:
            if remove:
                self.path.unlink(missing_ok=True)
                self._beside.unlink(missing_ok=True)
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None

    def forget(self) -> None:
        """Let go, without a word, of a file that belongs to the process this one was forked from.

        No lock: a thread that is not in this process may have held it.
        """
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _number_in(file: Path) -> int:
    try:
        return int(file.read_text("ascii"))
    except (OSError, ValueError):
        return 0
