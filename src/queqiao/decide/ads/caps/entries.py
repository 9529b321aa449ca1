"""One person's counters in the table, and what becomes of them with the time."""

from collections.abc import Callable
from typing import Any

import numpy as np

from queqiao.decide.ads.caps.counters import (
    KIND_MASK,
    LINK,
    RING,
    RING_SIZE,
    ROLLING,
    counted,
    ring_tag,
    shown,
    together,
    uncounted,
)
from queqiao.decide.ads.caps.table import ENTRIES, TAGS, WORDS, WRITTEN, Array, Table
from queqiao.decide.ads.caps.windows import KEPT, SPANS_US, Moment
from queqiao.kernel.clock import DAY_US

Flags = np.ndarray[Any, np.dtype[np.bool_]]

LINK_KEPT_US = 90 * DAY_US
"""The link of a device to its user is kept so long after it was last written or used."""
COUNT_KEPT_US = SPANS_US[-1] + DAY_US
"""The number of ads of a rolling window is kept so long after the last of them."""


class Entries:
    """A person's entries as they were found. Whoever changes them holds the segment's lock."""

    def __init__(self, table: Table, person: int, moment: Moment, now_us: int) -> None:
        self._table = table
        self._person = person
        self._moment = moment
        self._now_us = max(0, now_us)
        self._row = table.scan(person)

    @property
    def words(self) -> dict[int, int]:
        """The words by tag, as they were found or written since."""
        return self._row.words

    def renew(self, table: Table) -> None:
        """Look again, under the lock, if entries have come or gone since."""
        if table is not self._table or table.version(self._person) != self._row.version:
            self._table = table
            self._row = table.scan(self._person)

    def word(self, tag: int) -> int:
        """Return a tag's word of now, 0 when the person has none."""
        at = self._row.at.get(tag)
        return 0 if at is None else self._table.words[at]

    def is_full(self, tag: int, limit: int) -> bool:
        """Say whether a tag has ``limit`` ads in its window now."""
        kind = tag & KIND_MASK
        if kind < ROLLING and self.word(tag) < self._moment.empty[kind] + (limit << 16):
            return False  # of an earlier window, or of this one with fewer ads
        return self.shown(tag, limit) >= limit

    def shown(self, tag: int, limit: int) -> int:
        """Return how many ads a tag has in its window now; of a rolling one, ``limit`` at most."""
        kind = tag & KIND_MASK
        if kind < ROLLING:
            return shown(self.word(tag), self._moment.numbers[kind], kind)
        return 0 if free_at_us(self.word, tag, limit, self._now_us) is None else limit

    def count(self, tag: int) -> None:
        """Count one ad. Moments of a ring never go back, unless a clock was wrong by a day."""
        kind, word = tag & KIND_MASK, self.word(tag)
        if kind < ROLLING:
            self.put(tag, counted(word, self._moment.numbers[kind], kind))
            return
        last_us = self.word(ring_tag(tag, word - 1)) if word else 0
        is_sound = last_us <= self._now_us + DAY_US
        self.put(ring_tag(tag, word), max(self._now_us, last_us) if is_sound else self._now_us)
        self.put(tag, word + 1)

    def take_back(self, tag: int) -> None:
        """Take back one ad of the moment; what is not counted any more is left alone."""
        kind = tag & KIND_MASK
        if tag not in self._row.at:
            return
        if kind < ROLLING:
            self.put(tag, uncounted(self.word(tag), self._moment.numbers[kind]))
            return
        moments = self.moments(tag)
        if self._now_us in moments:
            moments.remove(self._now_us)
            self._write_ring(tag, moments)

    def take_over(self, other: "Entries") -> None:
        """Add what another key of the same person has counted."""
        for tag in list(other.words):
            kind = tag & KIND_MASK
            if kind < ROLLING and tag != LINK:
                self.put(tag, together(self.word(tag), other.word(tag)))
            elif ROLLING <= kind < RING:
                self._write_ring(tag, sorted(self.moments(tag) + other.moments(tag)))

    def keep_link(self, user: int) -> None:
        """Hold nothing any more but a link."""
        self.put(LINK, user)
        for tag, at in self._row.at.items():
            if tag != LINK:
                self._table.free(at)

    def moments(self, tag: int) -> list[int]:
        """Return the moments that a rolling counter remembers, oldest first."""
        total = self.word(tag)
        numbers = range(max(0, total - RING_SIZE), total)
        return [at_us for number in numbers if (at_us := self.word(ring_tag(tag, number)))]

    def _write_ring(self, tag: int, moments: list[int]) -> None:
        youngest = moments[-RING_SIZE:]
        for number, at_us in enumerate(youngest):
            self.put(ring_tag(tag, number), at_us)
        self.put(tag, len(youngest))

    def put(self, tag: int, word: int) -> None:
        """Write a tag's word. Raises Full."""
        self._row.words[tag] = word
        at = self._row.at.get(tag)
        if at is None:
            self._row.at[tag] = at = self._place()
            self._table.put(at, tag, word, self._now_us)
            self._row.version = self._table.version(self._person)
        else:
            self._table.set(at, word, self._now_us)

    def _place(self) -> int:
        """Return where a new entry may stand: a free place, or one of a new block."""
        if not self._row.free:
            at = self._table.begin_block(self._person)
            self._row.free.extend(range(at + ENTRIES - 1, at - 1, -1))
        return self._row.free.pop()


def free_at_us(word: Callable[[int], int], tag: int, limit: int, now_us: int) -> int | None:
    """Return when a rolling window has room again for one of ``limit`` ads; None: it has now.

    It is full while the limit-th last ad lies in it. An ad of more than a day from now was told by
    a clock that was wrong, and does not count. ``word`` gives the word of a tag, 0 for none.
    """
    total = word(tag)
    if total < limit:
        return None
    at_us = word(ring_tag(tag, total - limit))
    free_us = at_us + SPANS_US[(tag & KIND_MASK) - ROLLING]
    return free_us if now_us < free_us and at_us <= now_us + DAY_US else None


def outdated(blocks: Array, moment: Moment, now_us: int) -> Flags:
    """Return which entries of blocks (rows of 8 words) can no longer matter.

    That is a day after they last could: a clock may step back. A lifetime stays.
    """
    tags, words = blocks[:, TAGS:WORDS], blocks[:, WORDS:WRITTEN]
    kinds = (tags & np.uint64(KIND_MASK)).astype(np.intp)
    numbers = np.array([*moment.numbers, *[0] * 10], dtype=np.uint64)
    windows_kept = np.array([*KEPT, *[0] * 10], dtype=np.uint64)
    over_us = np.array([0] * RING + [span + DAY_US for span in SPANS_US], dtype=np.uint64)
    kept_us = np.array([0] * ROLLING + [COUNT_KEPT_US] * 5 + [0] * 5, dtype=np.uint64)
    written, now = blocks[:, WRITTEN, None], np.uint64(max(0, now_us))
    last = (words >> np.uint64(32)) + windows_kept[kinds]
    calendar = (kinds < ROLLING) & (last < numbers[kinds])
    moments = (kinds >= RING) & (words + over_us[kinds] < now)
    counts = (kinds >= ROLLING) & (kinds < RING) & (written + kept_us[kinds] < now)
    links = (tags == LINK) & (written + np.uint64(LINK_KEPT_US) < now)
    calendar &= tags != LINK
    old: Flags = calendar | moments | counts | links
    old &= tags != 0
    return old
