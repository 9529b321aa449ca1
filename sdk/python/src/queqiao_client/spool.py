"""Events on disk that are not sent yet: appended by any thread, read by one, in order.

The folder may be shared by the processes of one application: each writes files of its own, and
takes over those of processes that have ended.
"""

import errno
import os
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from queqiao_client.errors import SpoolBroken, SpoolFull
from queqiao_client.segment import Segment, line_of

SEGMENT_BYTES_MAX = 8_000_000
SEGMENT_BYTES_KEPT = 1_000_000
"""A file that was sent whole is begun anew when it has grown to this."""
REFUSED = "refused.jsonl"


class Batch(NamedTuple):
    """Events that belong together on the wire. ``damaged`` lines were passed over."""

    segment: Segment
    end: int
    bodies: list[bytes]
    damaged: int


class Spool:
    """The folder, within ``bytes_max`` for the files that this process owns."""

    def __init__(self, folder: Path, bytes_max: int, now_us: Callable[[], int]) -> None:
        self._folder = folder
        self._bytes_max = bytes_max
        self._segment_max = min(SEGMENT_BYTES_MAX, bytes_max // 4)
        self._now_us = now_us
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.start()

    def start(self) -> None:
        """Begin with what others left: at the beginning, and in a process that was forked."""
        self._lock = threading.Lock()
        self._active: Segment | None = None
        found = (Segment.adopt(path) for path in sorted(self._folder.glob("*.spool")))
        self._segments = [segment for segment in found if segment is not None]

    def forget(self) -> None:
        """Let go of what belongs to the process that this one was forked from."""
        for segment in self._segments:
            segment.forget()

    def is_empty(self) -> bool:
        """Say whether everything was sent."""
        with self._lock:
            return all(segment.is_sent for segment in self._segments)

    def append(self, body: bytes, *, durable: bool) -> tuple[Segment, int]:
        """Write one event; return its place.

        Raises SpoolFull, and then nothing was written; SpoolBroken, and then nobody knows.
        """
        line = line_of(body)
        with self._lock:
            try:
                segment = self._segment_for(len(line), durable=durable)
                end = segment.append(line)
            except OSError as error:
                raise _fault(error) from error
        if durable:
            self._sync(segment, end)
        return segment, end

    def _sync(self, segment: Segment, end: int) -> None:
        try:
            segment.sync(end)
        except OSError as error:
            # What the system says of this file from now on cannot be believed.
            with self._lock:
                if self._active is segment:
                    self._active = None
            raise _fault(error) from error

    def is_sent(self, place: tuple[Segment, int]) -> bool:
        """Say whether what was appended there has been sent."""
        segment, end = place
        return segment.sent >= end

    def last(self) -> tuple[Segment, int] | None:
        """Return the place of the newest event, None when nothing waits."""
        with self._lock:
            waiting = [segment for segment in self._segments if not segment.is_sent]
            return (waiting[-1], waiting[-1].size) if waiting else None

    def next_batch(self, events_max: int, bytes_max: int) -> Batch | None:
        """Return the oldest events that were not sent, None when there are none."""
        with self._lock:
            waiting = [segment for segment in self._segments if not segment.is_sent]
        return _batch(waiting[0], events_max, bytes_max) if waiting else None

    def mark_sent(self, batch: Batch) -> None:
        """Let go of a batch that has arrived."""
        batch.segment.mark_sent(batch.end)
        with self._lock:
            self._clear(batch.segment)

    def set_aside(self, body: bytes) -> None:
        """Keep an event that will never be taken where a person can look at it."""
        with (self._folder / REFUSED).open("ab") as file:
            file.write(body + b"\n")

    def close(self) -> None:
        """Let all files go; those that were sent whole are removed."""
        with self._lock:
            for segment in self._segments:
                segment.close(remove=segment.is_sent)
            self._segments, self._active = [], None

    def _segment_for(self, more: int, *, durable: bool) -> Segment:
        if sum(segment.size for segment in self._segments) + more > self._bytes_max:
            raise SpoolFull(
                f"the spool holds its {self._bytes_max} bytes of unsent events; "
                "see the last error of sending, or raise spool_bytes_max"
            )
        if self._active is None or self._active.size + more > self._segment_max:
            self._active = Segment.create(self._new_path())
            self._segments.append(self._active)
            if durable:
                _sync_folder(self._folder)
        return self._active

    def _clear(self, segment: Segment) -> None:
        """Remove a file whose events were all sent, unless it is small and still written to."""
        if not segment.is_sent:
            return
        if segment is self._active:
            if segment.size < min(SEGMENT_BYTES_KEPT, self._segment_max // 2):
                return
            self._active = None
        self._segments.remove(segment)
        segment.close(remove=True)

    def _new_path(self) -> Path:
        return self._folder / f"{self._now_us():020d}-{uuid.uuid4().hex[:8]}.spool"


def _batch(segment: Segment, events_max: int, bytes_max: int) -> Batch:
    bodies: list[bytes] = []
    end, size, damaged = segment.sent, 0, 0
    for line in segment.unsent():
        if line.body is None:
            damaged += 1
        elif bodies and (len(bodies) >= events_max or size + len(line.body) > bytes_max):
            break
        else:
            bodies.append(line.body)
            size += len(line.body)
        end = line.end
    return Batch(segment, end, bodies, damaged)


def _fault(error: OSError) -> SpoolFull | SpoolBroken:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return SpoolFull(f"the disk of the spool is full: {error}")
    return SpoolBroken(f"the spool cannot be written: {error}")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
