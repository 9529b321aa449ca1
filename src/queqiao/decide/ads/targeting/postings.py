"""Which rows each predicate satisfies: words of bits where there are many, places where few."""

from collections.abc import Iterable, Sequence

import numpy as np

from queqiao.decide.ads.targeting.bits import Bits, Rows, bits_of, merged_words

DENSE_SHARE = 8
"""What touches one of so many words is kept as bits of its own; it is then quicker to join."""

TOGETHER = 48
"""From so many sparse postings on, they are joined in one go."""


class Postings:
    """The rows of numbered predicates, as immutable as they are built."""

    def __init__(self, rows: Sequence[Sequence[int]], words: int) -> None:
        counts = np.fromiter(map(len, rows), dtype=np.intp, count=len(rows))
        flat = np.fromiter(
            (row for each in rows for row in each), dtype=np.intp, count=counts.sum()
        )
        owners, self._words, self._masks = merged_words(
            np.repeat(np.arange(len(rows)), counts), flat
        )
        starts = np.searchsorted(owners, np.arange(len(rows) + 1))
        self._starts: list[int] = starts.tolist()
        self._few = _few(self._starts, self._words, self._masks)
        many = np.flatnonzero(np.diff(starts) * DENSE_SHARE >= words)
        self._dense = {number: bits_of(np.asarray(rows[number]), words) for number in many.tolist()}

    def join(self, bits: Bits, numbers: Iterable[int]) -> None:
        """Set in ``bits`` the rows of the predicates."""
        sparse = []
        single: dict[int, int] = {}
        for number in numbers:
            few = self._few[number]
            if few is not None:
                single[few[0]] = single.get(few[0], 0) | few[1]
            elif (dense := self._dense.get(number)) is not None:
                np.bitwise_or(bits, dense, out=bits)
            else:
                sparse.append(slice(self._starts[number], self._starts[number + 1]))
        if single:
            bits[list(single)] |= np.array(list(single.values()), np.uint64)
        if len(sparse) < TOGETHER:
            for part in sparse:
                bits[self._words[part]] |= self._masks[part]
        else:
            words = np.concatenate([self._words[part] for part in sparse])
            masks = np.concatenate([self._masks[part] for part in sparse])
            np.bitwise_or.at(bits, words, masks)

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        dense = sum(bits.nbytes for bits in self._dense.values())
        return self._words.nbytes + self._masks.nbytes + 8 * len(self._starts) + dense


def _few(starts: Sequence[int], words: Rows, masks: Bits) -> list[tuple[int, int] | None]:
    """Return of predicates that touch one word its place and its bits, which are quickly joined."""
    found: list[tuple[int, int] | None] = [None] * (len(starts) - 1)
    owners = np.flatnonzero(np.diff(starts) == 1)
    first = np.asarray(starts, np.intp)[owners]
    told = zip(owners.tolist(), words[first].tolist(), masks[first].tolist(), strict=True)
    for owner, word, mask in told:
        found[owner] = (word, mask)
    return found
