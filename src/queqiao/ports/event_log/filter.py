"""One Bloom filter over all runs, in memory: nearly every new key ends here.

Without it each look-up would ask the filter of every run, and with 100 M keys there are dozens. It
follows from the runs: it is built at opening by a thread, and anew, half as large again, when it is
full; until it is there the runs' own filters answer. A blocked filter (Putze, Sanders, Singler:
"Cache-, Hash- and Space-Efficient Bloom Filters", 2007, section 3): a key sets four bits of one
word, so a question costs one load.
"""

from collections.abc import Iterable, Sequence
from struct import Struct

import numpy as np

from queqiao.ports.event_log.runs import Probe, Run, Words, mask_of, masks_of

BITS_PER_KEY = 16
HEADROOM = 1.5
WORDS_MIN = 1 << 15

_PAIR = Struct("=QQ")
_HALF = np.uint64(32)


class Filter:
    """Says of a key: certainly not in a run, or perhaps. One thread adds while others ask."""

    def __init__(self, keys: int) -> None:
        words = max(WORDS_MIN, int(keys * HEADROOM) * BITS_PER_KEY // 64)
        self._words: Words = np.zeros(words, dtype=np.uint64)
        self._view = memoryview(self._words)  # type: ignore[arg-type]  # an array is a buffer
        self._length = np.uint64(words)
        self.keys_max = words * 64 // BITS_PER_KEY

    @classmethod
    def of(cls, runs: Sequence[Run]) -> "Filter":
        """Return the filter of all keys of the runs."""
        made = cls(sum(run.count for run in runs))
        made.add_runs(runs)
        return made

    def add_runs(self, runs: Iterable[Run]) -> None:
        """Add all keys of runs, a piece at a time."""
        for run in runs:
            for high, low in run.pieces():
                self._add(high, low)

    def add(self, keys: bytes) -> None:
        """Add keys of 16 bytes each."""
        pairs = np.frombuffer(keys, dtype=np.uint64).reshape(-1, 2)
        self._add(pairs[:, 0], pairs[:, 1])

    def _add(self, high: Words, low: Words) -> None:
        np.bitwise_or.at(self._words, (low >> _HALF) * self._length >> _HALF, masks_of(high))

    def may_hold_any(self, probe: Probe) -> bool:
        """Say whether one of the keys may be in a run."""
        words = self._words[(probe.low >> _HALF) * self._length >> _HALF]
        return bool(((words & probe.masks) == probe.masks).any())

    def may_hold(self, digest: bytes) -> bool:
        """Say whether one key may be in a run."""
        high, low = _PAIR.unpack(digest)
        mask = mask_of(high)
        return bool(self._view[(low >> 32) * len(self._view) >> 32] & mask == mask)
