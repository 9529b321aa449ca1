"""Ads that were served and never shown: after a while they are taken back from the counters.

Two places in the log move on. The one in front notes which decisions were seen, clicked or
converted; the one behind stands ``after_us`` back, and takes back each ad of which nothing was
noted. How far it is lies on disk before anything is taken back: who dies in between leaves an ad
counted that nobody saw, never one taken back twice.
"""

import os
from hashlib import blake2b
from pathlib import Path

from queqiao.decide.ads.caps.people import People
from queqiao.decide.ads.caps.snapshot import READ_AT_ONCE, SERVED, AdEvent, ad_event
from queqiao.kernel.clock import MINUTE_US
from queqiao.ports.event_log.base import EventLogReader, StoredEvent

LATE_US = 10 * MINUTE_US
"""Events stand in the log about in the order of their times: this much is allowed for."""


NOTE_EVERY = 100_000
"""So many events may be looked at again after a restart: none of them was taken back."""


class Unseen:
    """Takes back what was never shown. ``front`` and ``behind`` read the same log."""

    def __init__(
        self, people: People, front: EventLogReader, behind: EventLogReader, path: Path,
        after_us: int,
    ) -> None:  # fmt: skip
        self._people = people
        self._front, self._behind = front, behind
        self._path = path
        self._after_us = after_us
        self._noted = 0
        self._offset = self._begun()
        self._front_offset, self._front_us = self._offset, 0
        self._seen: dict[bytes, int] = {}
        self._next_due_us = 0

    def take_back(self, now_us: int) -> int:
        """Take back the ads of which nothing was told in time; return how many.

        Raises OSError when it cannot note how far it is, and Unavailable.
        """
        taken = 0
        while now_us >= self._next_due_us and (found := self._due(now_us)) is not None:
            events, offset = found
            if events or offset > self._noted + NOTE_EVERY:
                self._note(offset)
            self._offset = offset
            for event in events:
                self._take_back(event)
            taken += len(events)
        return taken

    def _due(self, now_us: int) -> tuple[list[AdEvent], int] | None:
        """Return unseen ads of the next events that are due, and how far that is; None: none."""
        stored = self._behind.read(self._offset, READ_AT_ONCE)
        due: list[AdEvent] = []
        offset = self._offset
        for one in stored:
            event = ad_event(one.body)
            if event is not None:
                if event.timestamp_us + self._after_us > now_us:
                    self._next_due_us = event.timestamp_us + self._after_us
                    break
                if self._is_unseen(event):
                    due.append(event)
            offset = one.offset
        return (due, offset) if offset > self._offset else None

    def _is_unseen(self, event: AdEvent) -> bool:
        told = event.properties
        if event.event != SERVED or told is None or event.counted is None:
            return False
        self._look_ahead(event.timestamp_us + self._after_us)
        self._forget(event.timestamp_us)
        return _digest(told.decision_id) not in self._seen

    def _look_ahead(self, until_us: int) -> None:
        """Note what was seen until a moment, or the end of the log."""
        while self._front_us <= until_us + LATE_US:
            events = self._front.read(self._front_offset, READ_AT_ONCE)
            if not events:
                return
            for one in events:
                self._hear(one)
            self._front_offset = events[-1].offset

    def _hear(self, stored: StoredEvent) -> None:
        event = ad_event(stored.body)
        if event is None:
            return
        self._front_us = max(self._front_us, event.timestamp_us)
        if event.event != SERVED and event.properties is not None:
            self._seen[_digest(event.properties.decision_id)] = event.timestamp_us

    def _forget(self, served_us: int) -> None:
        """Forget what was seen before an ad that is still to be judged was served."""
        while self._seen:
            first = next(iter(self._seen))
            if self._seen[first] >= served_us - LATE_US:
                return
            del self._seen[first]

    def _take_back(self, event: AdEvent) -> None:
        told = event.counted
        if told is not None:
            self._people.take_back(int(told.person, 16), told.tags(), event.timestamp_us)

    @property
    def offset(self) -> int:
        """Up to where ads may have been taken back."""
        return self._offset

    def _begun(self) -> int:
        found = noted(self._path)
        if found is None:
            self._note(self._behind.end())
        else:
            self._noted = found
        return self._noted

    def _note(self, offset: int) -> None:
        note(self._path, offset)
        self._noted = offset


def noted(path: Path) -> int | None:
    """Return the offset that a file notes, None when there is no file."""
    try:
        return int(path.read_text("ascii"))
    except FileNotFoundError:
        return None


def note(path: Path, offset: int) -> None:
    """Note an offset durably. Raises OSError; then the former one stays."""
    fresh = path.with_suffix(".new")
    with fresh.open("w", encoding="ascii") as file:
        file.write(str(offset))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _digest(decision_id: str) -> bytes:
    return blake2b(decision_id.encode(), digest_size=8).digest()
