"""The index finds exactly the expressions that a plain evaluator finds, whatever has changed."""

import hypothesis.strategies as st
from hypothesis import given, settings
from tests.ads.targeting import plain
from tests.ads.targeting.drawn import ATTRIBUTES, EXPRESSIONS, NOW_US

from queqiao.decide.ads.targeting.block import compiled
from queqiao.decide.ads.targeting.matcher import Matcher
from queqiao.decide.ads.targeting.parsing import parse
from queqiao.decide.ads.targeting.situation import situation
from queqiao.decide.ads.targeting.tree import holds, judge

SITUATIONS = st.lists(st.tuples(ATTRIBUTES, NOW_US), min_size=1, max_size=4)


def entries(expressions):
    return [compiled(f"c{n}", parse(each)) for n, each in enumerate(expressions)]


@settings(max_examples=600, deadline=None)
@given(EXPRESSIONS, ATTRIBUTES, NOW_US)
def test_an_expression_means_what_the_plain_evaluator_says(expression, attributes, now_us):
    expected = plain.holds(expression, attributes, plain.moment(now_us))
    node, seen = parse(expression), situation(attributes, now_us)
    assert holds(node, seen) == expected
    assert judge(node, seen).holds == expected


@settings(max_examples=400, deadline=None)
@given(st.lists(EXPRESSIONS, max_size=40), SITUATIONS)
def test_the_index_finds_what_the_plain_evaluator_finds(expressions, situations):
    matcher = Matcher(entries(expressions))
    for attributes, now_us in situations:
        now = plain.moment(now_us)
        expected = {f"c{n}" for n, e in enumerate(expressions) if plain.holds(e, attributes, now)}
        matched = matcher.match(situation(attributes, now_us))
        assert set(matched.ids()) == expected
        assert matched.size == len(expected)
        assert all((f"c{n}" in matched) == (f"c{n}" in expected) for n in range(len(expressions)))
