"""POST /api/v1/targeting/match: matching ids, explanations, and 4xx with a path for all else."""

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import given, settings
from tests.ads.targeting import plain
from tests.ads.targeting.drawn import ATTRIBUTES, EXPRESSIONS, NOW_US

from queqiao.decide.ads.targeting.hot_endpoints import routes
from queqiao.kernel.clock import parse_rfc3339
from queqiao.kernel.errors import CallerError, InvalidInput
from queqiao.kernel.http import Request

(ROUTE,) = routes()
NOON_US = parse_rfc3339("2026-06-18T12:00:00+08:00")


async def ask(body, now_us=NOON_US):
    body = body if isinstance(body, bytes) else msgspec.json.encode(body)
    request = Request("POST", "", {}, {}, {}, body, "", now_us)
    return msgspec.json.decode((await ROUTE.handler(request)).body)


@settings(max_examples=100, deadline=None)
@given(st.lists(EXPRESSIONS, max_size=12), ATTRIBUTES, NOW_US)
async def test_it_answers_as_the_plain_evaluator(expressions, attributes, now_us):
    named = [{"id": str(n), "expression": each} for n, each in enumerate(expressions)]
    asked = {"expressions": named, "attributes": attributes, "explain": True}
    answer = await ask(asked, now_us)
    now = plain.moment(now_us)
    holds = [each["id"] for each in named if plain.holds(each["expression"], attributes, now)]
    assert answer["matches"] == holds
    assert [each["id"] for each in answer["explained"] if each["holds"]] == holds


async def test_it_explains_with_the_clause_and_what_it_saw():
    expression = {
        "and": [
            {"field": "channel", "op": "in", "value": ["app"]},
            {"not": {"field": "vip", "op": "=", "value": True}},
        ]
    }
    answer = await ask(
        {
            "expressions": [{"id": "a", "expression": expression}],
            "attributes": {"channel": "app", "vip": True},
            "explain": True,
        }
    )
    assert answer == {
        "matches": [],
        "explained": [
            {
                "id": "a",
                "holds": False,
                "clause": "expressions[0].expression.and[1].not",
                "seen": [True],
            }
        ],
    }


DEEP = {"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}}


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, ""),
        ({"expressions": [{"id": "a"}]}, "expressions[0]"),
        ({"expressions": [{"id": "a", "expression": {"or": []}}]}, "expressions[0].expression.or"),
        ({"expressions": [], "attributes": DEEP}, "attributes.a.b.c.d.e"),
        ({"expressions": [], "attributes": {"a": [[1]]}}, "attributes.a[0]"),
        ({"expressions": [], "attributes": {"a": 1e300}}, "attributes.a"),
        ({"expressions": [], "attributes": {"now": 5}}, "attributes.now"),
        ({"expressions": [], "attributes": {"now": "soon"}}, "attributes.now"),
        ({"expressions": [], "attributes": {"geo": {"lat": 99, "lon": 1}}}, "attributes.geo.lat"),
        ({"expressions": [], "attributes": {"frequency": {"a": -1}}}, "attributes.frequency"),
        ({"expressions": [], "attributes": {"a": list(range(1001))}}, "attributes.a"),
        ({"expressions": [], "attributes": {str(n): 1 for n in range(501)}}, "attributes"),
        ({"expressions": [], "attributes": {"a": "x" * 1001}}, "attributes.a"),
    ],
)  # fmt: skip
async def test_bad_input_is_told_with_its_path(body, path):
    with pytest.raises(InvalidInput) as caught:
        await ask(body)
    assert caught.value.fields[0].path == path


async def test_an_id_twice_and_a_thousand_levels_are_refused():
    one = {"id": "a", "expression": {"field": "x", "op": "exists"}}
    with pytest.raises(InvalidInput) as caught:
        await ask({"expressions": [one, one]})
    assert caught.value.fields[0].path == "expressions[1].id"
    deep = b'{"not":' * 1000 + b"{}" + b"}" * 1000
    with pytest.raises(CallerError):
        await ask(b'{"expressions":[{"id":"a","expression":' + deep + b"}]}")


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["and", "or", "not", "field", "op", "value", "timezone", "lat", "lon"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)
OPS = st.sampled_from(
    ["=", "in", "<", "between", "exists", "under", "in_radius", "in_polygon", "in_windows",
     "in_grid", "exact", "phrase", "below", "all_of"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    JSON
    | st.fixed_dictionaries(
        {"field": st.sampled_from(["now", "frequency", "a"]), "op": OPS, "value": JSON}
    ),
    st.dictionaries(st.sampled_from(["a", "now", "geo", "frequency", "a.b"]), JSON, max_size=3),
)
async def test_whatever_is_asked_the_caller_is_told(expression, attributes):
    named = [{"id": "a", "expression": expression}]
    try:
        answer = await ask({"expressions": named, "attributes": attributes, "explain": True})
    except CallerError:
        return
    assert set(answer["matches"]) <= {"a"}


async def test_a_large_question_is_answered_too():
    named = [
        {"id": f"c{n}", "expression": {"field": "n", "op": "=", "value": n}} for n in range(5_000)
    ]
    assert (await ask({"expressions": named, "attributes": {"n": 77}}))["matches"] == ["c77"]
