"""One Bloom filter over all runs, in memory: nearly every new key ends here.

It follows from the runs: it is built at opening by a thread, and anew, a quarter larger, when it
is full. Hashes stand in it in their order, as in the runs, so a renewal goes over both from low to
high: what it has passed is asked of the new words, and the old ones are given back to the system as
it goes. So two whole filters never lie side by side, and until there is one at all, a key may be in
a run. A blocked filter (Putze, Sanders, Singler: "Cache-, Hash- and Space-Efficient Bloom Filters",
2007, section 3): a key sets four bits of one word, so a question costs one load.
"""

import mmap
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from queqiao.ports.event_log.runs import Run, Words, pieces

Answers = NDArray[np.bool_]

BITS_PER_KEY = 16
HEADROOM = 1.25
WORDS_MIN = 1 << 15

_PLACE_BITS = 32
"""The first so many bits of a hash choose the word, the other 24 the bits in it."""
_REST_BITS = 24
_WORD_BYTES = 8


class _Words:
    """The words of one filter; pages that hold no bit take no memory."""

    def __init__(self, keys: int) -> None:
        self.length = max(WORDS_MIN, int(keys * HEADROOM) * BITS_PER_KEY // 64)
        self.keys_max = self.length * 64 // BITS_PER_KEY
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
        self._memory = mmap.mmap(-1, self.length * _WORD_BYTES, flags=flags)
        self._view = memoryview(self._memory).cast("Q")
        self._words: Words = np.frombuffer(self._memory, dtype=np.uint64)

    def add(self, hashes: Words) -> None:
        np.bitwise_or.at(self._words, self._places(hashes), _masks_of(hashes))

    def _places(self, hashes: Words) -> Words:
        return (hashes >> np.uint64(_REST_BITS)) * np.uint64(self.length) >> np.uint64(_PLACE_BITS)

    def hold(self, hashes: Words) -> Answers:
        masks = _masks_of(hashes)
        answers: Answers = (self._words[self._places(hashes)] & masks) == masks
        return answers

    def holds(self, hashed: int) -> bool:
        mask = _mask_of(hashed)
        return self._view[(hashed >> _REST_BITS) * self.length >> _PLACE_BITS] & mask == mask

    def give_back(self, below: int) -> None:
        """Return to the system what belongs to hashes below this one only."""
        end = (below >> _REST_BITS) * self.length >> _PLACE_BITS
        whole = end * _WORD_BYTES // mmap.PAGESIZE * mmap.PAGESIZE
        if whole:
            self._memory.madvise(mmap.MADV_DONTNEED, 0, whole)


class _State(NamedTuple):
    """Hashes below ``done`` are asked of ``new``, others of ``old``; None may hold anything."""

    old: _Words | None
    new: _Words | None
    done: int


class Filter:
    """Says of a hash: certainly not in a run, or perhaps. One thread changes it, others ask.

    Who asks looks afterwards whether the state is still the one it asked of, and else asks again:
    words are given back only after the state has changed.
    """

    def __init__(self) -> None:
        self._state = _State(None, None, 0)

    def is_full(self, keys: int) -> bool:
        """Say whether so many keys are more than it was made for."""
        words = self._state.old
        return words is None or keys > words.keys_max

    def clear(self) -> None:
        """Know nothing: every key may be in a run."""
        self._state = _State(None, None, 0)

    def add(self, hashes: Words) -> None:
        """Add the keys of a run that is about to be one. The caller holds the lock of ``renew``.

        During a renewal only words that are asked get them, so that no others take memory: the
        renewal reads from the run what it has not passed.
        """
        old, new, done = self._state
        passed = hashes < np.uint64(done)
        if old is not None:
            old.add(hashes[~passed])
        if new is not None:
            new.add(hashes[passed])

    def renew(
        self, runs_now: Callable[[], Sequence[Run]], change: AbstractContextManager[object]
    ) -> None:
        """Make it anew of the keys of the runs; runs may be added behind them meanwhile.

        Raises OSError when a run cannot be read, and knows nothing then.
        """
        runs = runs_now()
        made = _Words(sum(run.count for run in runs))
        try:
            with change:
                self._state = _State(self._state.old, made, 0)
            for low, high in pieces(runs):
                self._pass_over(runs_now, low, high, change)
            with change:
                self._state = _State(made, None, 0)
        except BaseException:
            self.clear()
            raise

    def _pass_over(
        self,
        runs_now: Callable[[], Sequence[Run]],
        low: int,
        high: int,
        change: AbstractContextManager[object],
    ) -> None:
        runs = runs_now()
        hashes = [run.within(low, high)[0] for run in runs]
        with change:
            hashes += [run.within(low, high)[0] for run in runs_now()[len(runs) :]]
            old, made, _ = self._state
            assert made is not None
            for some in hashes:
                made.add(some)
            self._state = _State(old, made, high)
        if old is not None:
            old.give_back(high)

    def perhaps(self, hashes: Words) -> list[int]:
        """Return the indices of the keys that may be in a run."""
        while True:
            state = self._state
            found = _hold(state.old, hashes)
            if state.new is not None:
                passed = hashes < np.uint64(state.done)
                found = np.where(passed, state.new.hold(hashes), found)
            if state is self._state:
                return np.flatnonzero(found).tolist()

    def may_hold(self, hashed: int) -> bool:
        """Say whether one key may be in a run."""
        while True:
            state = self._state
            words = state.new if hashed < state.done else state.old
            found = words is None or words.holds(hashed)
            if state is self._state:
                return found


def _hold(words: _Words | None, hashes: Words) -> Answers:
    return np.ones(len(hashes), dtype=np.bool_) if words is None else words.hold(hashes)


def _mask_of(hashed: int) -> int:
    """Return the four bits that a key sets in its word."""
    return (
        1 << (hashed & 63)
        | 1 << (hashed >> 6 & 63)
        | 1 << (hashed >> 12 & 63)
        | 1 << (hashed >> 18 & 63)
    )


_HALF_BITS = np.uint64(_REST_BITS // 2)
_HALF = np.uint64((1 << _REST_BITS // 2) - 1)
_TWO_BITS: Words = np.array(
    [1 << (half & 63) | 1 << (half >> 6) for half in range(1 << _REST_BITS // 2)], dtype=np.uint64
)
"""What each half of the rest of a hash sets: two loads for many shifts (32 KB)."""


def _masks_of(hashes: Words) -> Words:
    """Return the same for many keys."""
    masks: Words = _TWO_BITS[hashes & _HALF] | _TWO_BITS[hashes >> _HALF_BITS & _HALF]
    return masks
