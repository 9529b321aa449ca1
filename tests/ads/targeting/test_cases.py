"""Expressions as data: what each means, which clause decides, and how a wrong one is told."""

import json
from pathlib import Path

import pytest

from queqiao.decide.ads.targeting.block import compiled
from queqiao.decide.ads.targeting.matcher import Matcher
from queqiao.decide.ads.targeting.parsing import parse
from queqiao.decide.ads.targeting.situation import situation
from queqiao.decide.ads.targeting.tree import judge
from queqiao.kernel.clock import parse_rfc3339
from queqiao.kernel.errors import InvalidInput

CASES = Path("tests/cases/targeting")


def cases(name):
    found = json.loads((CASES / name).read_text("utf-8"))
    return [pytest.param(case, id=case["name"]) for case in found]


@pytest.mark.parametrize("case", cases("holds.json"))
def test_what_an_expression_means(case):
    tree = parse(case["expression"])
    seen = situation(case["attributes"], parse_rfc3339(case["now"]))
    verdict = judge(tree, seen)
    told = (verdict.holds, verdict.path, verdict.seen_as_json())
    assert told == (case["holds"], case["clause"], case["seen"])
    assert ("it" in Matcher([compiled("it", tree)]).match(seen)) == case["holds"]


@pytest.mark.parametrize("case", cases("errors.json"))
def test_a_wrong_expression_is_told_with_its_path(case):
    with pytest.raises(InvalidInput) as caught:
        parse(case["expression"])
    (error,) = caught.value.fields
    assert error.path == case["path"]
    assert error.message.zh
    assert error.message.en


QUESTION = {"field": "a", "op": "=", "value": 1}


def nested(levels):
    expression = QUESTION
    for _ in range(levels):
        expression = {"not": expression}
    return expression


def test_sizes_are_bounded_and_the_bounds_themselves_are_good():
    parse(nested(16))
    parse({"and": [QUESTION] * 200})
    parse({"field": "a", "op": "in", "value": list(range(1000))})
    for expression in (
        nested(17),
        {"and": [QUESTION] * 201},
        {"or": [QUESTION] * 1001},
        {"field": "a", "op": "in", "value": list(range(1001))},
        {"field": "a", "op": "=", "value": "x" * 257},
        {"field": "a" * 129, "op": "=", "value": 1},
    ):
        with pytest.raises(InvalidInput):
            parse(expression)


def test_a_campaign_asks_only_what_a_request_can_tell():
    fields = {"segments"}
    parse({"field": "attributes.mood", "op": "=", "value": "x"}, fields=fields)
    with pytest.raises(InvalidInput) as caught:
        parse({"not": {"field": "segmets", "op": "=", "value": "x"}}, fields=fields)
    assert caught.value.fields[0].path == "expression.not.field"
    assert "segments" in caught.value.fields[0].message.en
