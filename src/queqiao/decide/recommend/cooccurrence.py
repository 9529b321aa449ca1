"""Items that occur together in groups (a session, an order, a person's orders).

The score of a pair is the cosine of the two items' groups, shrunk for rare pairs:

    score(a, b) = n_ab / (n_ab + shrinkage) · n_ab / sqrt(n_a · n_b)

with n_ab the groups that hold both and n_a, n_b those that hold each. The cosine is Linden, Smith
and York, "Amazon.com Recommendations" (IEEE Internet Computing 7(1), 2003); the shrinkage factor is
Bell and Koren's, "Improved Neighborhood-based Collaborative Filtering" (KDD Cup 2007).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

GROUP_MAX = 50
"""Of a larger group only the last items count: crawlers would outweigh all shoppers."""

NEIGHBOURS_MAX = 50
"""Neighbours kept for an item."""


class Neighbours(NamedTuple):
    """For item i: ``items[offsets[i]:offsets[i + 1]]`` with their scores, best first."""

    offsets: Ints
    items: Ints
    scores: Floats

    def of(self, item: int) -> tuple[list[int], list[float]]:
        """Return the neighbours of one item and their scores."""
        part = slice(int(self.offsets[item]), int(self.offsets[item + 1]))
        return self.items[part].tolist(), self.scores[part].tolist()


def together(groups: Ints, items: Ints, item_count: int, shrinkage: float) -> Neighbours:
    """Return each item's neighbours from parallel arrays of group and item, in order of time.

    Items are 0 … ``item_count`` - 1; an item counts once in a group.
    """
    groups, items = _last_of_each_group(*_once_in_a_group(groups, items, item_count))
    occurrences = np.bincount(items, minlength=item_count)
    pairs, counts = _pair_counts(groups, items, item_count)
    first, second = np.divmod(pairs, item_count)
    scores = (
        counts / (counts + shrinkage) * counts / np.sqrt(occurrences[first] * occurrences[second])
    )
    return _best_of_each(
        np.concatenate((first, second)),
        np.concatenate((second, first)),
        np.concatenate((scores, scores)),
        item_count,
    )


def _once_in_a_group(groups: Ints, items: Ints, item_count: int) -> tuple[Ints, Ints]:
    """Keep the last occurrence of an item in a group; sort by group, then by time."""
    keys = groups * item_count + items
    _, from_the_end = np.unique(keys[::-1], return_index=True)
    kept = np.sort(len(keys) - 1 - from_the_end)
    kept = kept[np.argsort(groups[kept], kind="stable")]
    return groups[kept], items[kept]


def _last_of_each_group(groups: Ints, items: Ints) -> tuple[Ints, Ints]:
    ends = np.searchsorted(groups, groups, side="right")
    kept = ends - np.arange(len(groups)) <= GROUP_MAX
    return groups[kept], items[kept]


def _pair_counts(groups: Ints, items: Ints, item_count: int) -> tuple[Ints, Ints]:
    """Return the unordered pairs as ``smaller * item_count + larger``, and how often each is."""
    found = [np.empty(0, np.int64)]
    for distance in range(1, GROUP_MAX):
        same = groups[distance:] == groups[:-distance]
        if not same.any():
            break
        left, right = items[:-distance][same], items[distance:][same]
        found.append(np.minimum(left, right) * item_count + np.maximum(left, right))
    pairs, counts = np.unique(np.concatenate(found), return_counts=True)
    return pairs, counts


def _best_of_each(rows: Ints, columns: Ints, scores: Floats, item_count: int) -> Neighbours:
    """Keep each row's best; equal scores stand in the order of the items."""
    order = np.lexsort((columns, -scores, rows))
    rows, columns, scores = rows[order], columns[order], scores[order]
    starts = np.searchsorted(rows, rows, side="left")
    kept = np.arange(len(rows)) - starts < NEIGHBOURS_MAX
    offsets = np.searchsorted(rows[kept], np.arange(item_count + 1), side="left")
    return Neighbours(offsets.astype(np.int64), columns[kept], scores[kept])
