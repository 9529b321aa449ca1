"""A matcher that changes holds at every step what one built anew holds, and old ones stay."""

import hypothesis.strategies as st
from hypothesis import given, settings
from tests.ads.targeting.drawn import ATTRIBUTES, EXPRESSIONS, NOW_US

from queqiao.decide.ads.targeting import matcher as module
from queqiao.decide.ads.targeting.block import compiled
from queqiao.decide.ads.targeting.matcher import Matcher
from queqiao.decide.ads.targeting.parsing import parse
from queqiao.decide.ads.targeting.situation import situation

NAMES = st.sampled_from([f"c{n}" for n in range(12)])
CHANGES = st.lists(
    st.tuples(st.dictionaries(NAMES, EXPRESSIONS, max_size=3), st.sets(NAMES, max_size=2)),
    min_size=1,
    max_size=8,
)


def entry(name, expression):
    return compiled(name, parse(expression))


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(NAMES, EXPRESSIONS), CHANGES, ATTRIBUTES, NOW_US, st.integers(0, 4))
def test_every_snapshot_equals_one_built_anew(first, changes, attributes, now_us, small):
    seen = situation(attributes, now_us)
    kept, module.SMALL_MAX = module.SMALL_MAX, small
    try:
        live = dict(first)
        matcher = Matcher(entry(*each) for each in live.items())
        for put, removed in changes:
            before, expected_before = matcher, sorted(matcher.match(seen).ids())
            matcher = matcher.changed([entry(*each) for each in put.items()], removed)
            live = {n: e for n, e in live.items() if n not in removed} | put
            anew = Matcher(entry(*each) for each in live.items())
            expected = sorted(anew.match(seen).ids())
            assert sorted(matcher.match(seen).ids()) == expected
            assert len(matcher) == len(live)
            assert sorted(matcher.merged().match(seen).ids()) == expected
            assert sorted(before.match(seen).ids()) == expected_before
            assert len(matcher.parts) <= 3
    finally:
        module.SMALL_MAX = kept


def everyone(name):
    return entry(name, {"field": "nobody", "op": "exists", "value": False})


def test_a_change_builds_the_small_blocks_alone_and_a_merge_is_wanted_in_time():
    matcher = Matcher(everyone(f"c{n}") for n in range(6_000))
    large = matcher.parts[0].block
    for n in range(300):
        matcher = matcher.changed([everyone(f"c{n}")], [f"c{n + 1_000}"])
        assert matcher.parts[0].block is large
        assert len(matcher.parts[-1].block.entries) <= 300
    assert len(matcher) == 5_700
    assert not matcher.wants_merge
    matcher = matcher.changed([everyone(f"d{n}") for n in range(4_000)])
    assert matcher.wants_merge
    merged = matcher.merged()
    assert not merged.wants_merge
    assert len(merged) == 9_700
    assert sorted(merged.match(situation({}, 0)).ids()) == sorted(
        matcher.match(situation({}, 0)).ids()
    )


def test_an_id_put_twice_at_once_counts_once_and_the_last_one_holds():
    never = entry("a", {"field": "x", "op": "exists"})
    matcher = Matcher().changed([everyone("a"), never], ["b"])
    assert len(matcher) == 1
    assert matcher.match(situation({}, 0)).ids() == []
