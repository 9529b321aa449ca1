"""Conditions that cannot stand are refused with their path, whatever their size."""

import msgspec
import pytest
from hypothesis import given, settings
from tests.promotions.condition_strategies import CONDITIONS

from queqiao.decide.promotions.check_condition import condition_errors
from queqiao.decide.promotions.contracts import PROMOTION
from queqiao.decide.promotions.documents.condition import CONDITIONS_MAX, Condition
from queqiao.kernel import json
from queqiao.kernel.errors import InvalidInput


def sent(condition):
    return b'{"name": "p", "benefit": {"type": "fixed", "amount": 1}, "condition": %s}' % condition


def nested(depth):
    inner = b'{"channels_any": ["app"]}'
    for _ in range(depth):
        inner = b'{"all": [%s]}' % inner
    return inner


@pytest.mark.parametrize(
    ("depth", "path"),
    [
        (8, "condition" + ".all[0]" * 8),
        (1_000, "condition" + ".all[0]" * 31 + ".all"),
        (100_000, "condition" + ".all[0]" * 31 + ".all"),
    ],
)
def test_nested_conditions_are_refused_by_their_path(depth, path):
    with pytest.raises(InvalidInput) as refused:
        PROMOTION.check(json.decode(sent(nested(depth)), PROMOTION.type))
    assert [field.path for field in refused.value.fields] == [path]


def test_of_too_many_conditions_the_first_too_many_is_named():
    leaf = Condition(channels_any=("app",))
    condition = Condition(any=(Condition(all=(leaf,) * 49),) * 5)
    assert [error.path for error in condition_errors(condition)] == ["condition.any[3].all[48]"]
    assert CONDITIONS_MAX == 200


@pytest.mark.parametrize("value", [b"1e400", b"1" + b"0" * 400, b"NaN", b'"18"', b"[1]"])
def test_a_bound_that_is_no_number_is_refused(value):
    body = sent(b'{"attributes": [{"name": "age", "at_least": %s}]}' % value)
    with pytest.raises(InvalidInput):
        PROMOTION.check(json.decode(body, PROMOTION.type))


@given(CONDITIONS)
@settings(max_examples=200, deadline=None)
def test_every_error_has_a_path_that_is_there_and_both_languages(condition):
    document = msgspec.to_builtins(condition)
    for error in condition_errors(condition):
        assert error.message.zh
        assert error.message.en
        steps = error.path.replace("[", ".").replace("]", "").split(".")[1:]
        part = document
        for step in steps[:-1]:
            part = part[int(step)] if isinstance(part, list | tuple) else part[step]
