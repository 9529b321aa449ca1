"""The grammar: what is refused, and where the error points."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queqiao.kernel.errors import InvalidInput
from queqiao.profile.conditions import compile_condition
from queqiao.profile.expression import CONDITIONS_MAX, parse

GOOD = {"field": "orders", "op": ">", "value": 1}

WRONG = [
    ([], "expression"),
    ({}, "expression"),
    ({"all": []}, "expression.all"),
    ({"all": [GOOD], "any": [GOOD]}, "expression"),
    ({"all": [GOOD, {"field": "nonsense", "op": "=", "value": 1}]}, "expression.all[1].field"),
    ({"not": {"any": [{**GOOD, "op": "like"}]}}, "expression.not.any[0].op"),
    ({**GOOD, "value": "many"}, "expression.value"),
    ({**GOOD, "value": True}, "expression.value"),
    ({**GOOD, "value": None}, "expression.value"),
    ({**GOOD, "op": "in", "value": []}, "expression.value"),
    ({**GOOD, "op": "in", "value": [1, "2"]}, "expression.value[1]"),
    ({**GOOD, "category": "手机"}, "expression.category"),
    ({**GOOD, "more": 1}, "expression"),
    ({"field": "region", "op": "<", "value": "a"}, "expression.op"),
    ({"field": "region", "op": "=", "value": "a\x00"}, "expression.value"),
    ({"field": "traits.a'b", "op": "=", "value": "x"}, "expression.field"),
    ({"field": "category_interest", "op": ">", "value": 0.5}, "expression.op"),
    ({"all": [GOOD] * (CONDITIONS_MAX + 1)}, "expression"),
]


@pytest.mark.parametrize(("expression", "path"), WRONG)
def test_the_error_names_the_path(expression, path):
    with pytest.raises(InvalidInput) as refused:
        parse(expression)
    assert refused.value.fields[0].path == path


@given(st.text(max_size=40).filter(lambda text: "\x00" not in text))
def test_text_never_enters_the_statement(text):
    try:
        node = parse({"field": "region", "op": "=", "value": text})
    except InvalidInput:
        return
    condition = compile_condition(node)
    plain = compile_condition(parse({"field": "region", "op": "=", "value": "x"}))
    assert condition.sql == plain.sql


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["all", "any", "not", "field", "op", "value", "category"]), inner
        )
    ),
    max_leaves=12,
)


@given(json_values)
def test_any_value_is_parsed_or_refused_with_a_path(value):
    refused = []
    try:
        compile_condition(parse(value))
    except InvalidInput as error:
        refused = [path for path, _ in error.fields]
    assert all(path.startswith("expression") for path in refused)
