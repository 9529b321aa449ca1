"""Neighbours against a plain computation of the same formula."""

from collections import Counter
from itertools import combinations
from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queqiao.decide.recommend import cooccurrence
from queqiao.decide.recommend.cooccurrence import together


def plain_scores(groups: list[int], items: list[int], shrinkage: float) -> dict:
    members: dict[int, set[int]] = {}
    for group, item in zip(groups, items, strict=True):
        members.setdefault(group, set()).add(item)
    each = Counter(item for held in members.values() for item in held)
    pairs = Counter(pair for held in members.values() for pair in combinations(sorted(held), 2))
    return {
        (a, b): n / (n + shrinkage) * n / sqrt(each[a] * each[b]) for (a, b), n in pairs.items()
    }


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 9)), max_size=80), st.integers(0, 20))
def test_scores_are_the_formula(pairs, shrinkage):
    groups, items = [g for g, _ in pairs], [i for _, i in pairs]
    found = together(np.array(groups, np.int64), np.array(items, np.int64), 10, shrinkage)
    expected = plain_scores(groups, items, shrinkage)
    got = {}
    for item in range(10):
        neighbours, scores = found.of(item)
        assert scores == sorted(scores, reverse=True)
        for neighbour, score in zip(neighbours, scores, strict=True):
            got[min(item, neighbour), max(item, neighbour)] = pytest.approx(score)
    assert expected == got


def test_of_a_crawlers_group_only_the_last_items_count():
    count = cooccurrence.GROUP_MAX + 30
    found = together(np.zeros(count, np.int64), np.arange(count), count, 0)
    assert found.of(0) == ([], [])
    assert len(found.of(count - 1)[0]) == cooccurrence.GROUP_MAX - 1


def test_nothing_gives_nothing():
    empty = np.empty(0, np.int64)
    assert together(empty, empty, 3, 10).of(2) == ([], [])
