"""Segments mean the same in preview, members, explain and the published artifact."""

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.profile.conftest import NOW_US

from queqiao.ports.records import artifacts
from queqiao.ports.records.audit import Actor
from queqiao.ports.records.documents import Documents, Edit
from queqiao.ports.records.sqlite import SqliteRecords
from queqiao.profile import segments
from queqiao.profile.contracts import (
    ARTIFACT_PREFIX,
    SEGMENT,
    SegmentDocument,
    default_segments,
    load_members,
)
from queqiao.profile.expression import parse

CASES = [
    ({"field": "orders", "op": ">=", "value": 2}, ["ada"]),
    ({"field": "orders", "op": "=", "value": 0}, ["bo", "stranger"]),
    ({"field": "spent_minor", "op": "=", "value": 45_000}, ["ada"]),
    ({"field": "recency_days", "op": "<=", "value": 2}, ["ada", "stranger"]),
    ({"field": "visits", "op": "in", "value": [2]}, ["ada", "bo"]),
    ({"field": "age", "op": ">", "value": 30}, ["ada"]),
    ({"not": {"field": "age", "op": ">", "value": 30}}, ["bo", "stranger"]),
    ({"field": "age", "op": "!=", "value": 1}, ["ada"]),
    ({"field": "age_band", "op": "in", "value": ["25-34"]}, ["ada"]),
    ({"field": "region", "op": "=", "value": "上海"}, ["ada"]),
    ({"field": "region", "op": "=", "value": "浙江"}, []),
    ({"field": "traits.region", "op": "not_in", "value": ["北京"]}, ["ada"]),
    ({"field": "income", "op": ">=", "value": 200000}, ["ada"]),
    ({"field": "category_interest", "op": "=", "value": "家电"}, ["bo"]),
    ({"field": "category_interest", "op": ">", "value": 0.01, "category": "家电"}, ["ada", "bo"]),
    ({"field": "category_interest", "op": "in", "value": ["图书", "手机"]}, ["ada", "stranger"]),
    ({"field": "top_category", "op": "=", "value": "手机"}, ["ada"]),
    ({"field": "last_order_days", "op": ">", "value": 15}, ["ada"]),
    (
        {
            "all": [
                {"field": "recency_days", "op": ">=", "value": 10},
                {"any": [{"field": "orders", "op": "=", "value": 0}]},
            ]
        },
        ["bo"],
    ),
]


async def test_each_condition_finds_its_people(shop):
    for expression, expected in CASES:
        found = await segments.members(shop.warehouse, parse(expression), NOW_US, 100)
        assert found == expected, expression
        told = await segments.preview(shop.warehouse, expression, NOW_US)
        assert (told.count, told.total) == (len(expected), 3)
        assert {line.person_id for line in told.sample} == set(expected)
        assert told.watermark.startswith("2026-06-18T")
        for person in ("ada", "bo", "stranger"):
            why = await segments.explain(shop.warehouse, parse(expression), person, NOW_US)
            assert why.member == (person in expected), (expression, person)


async def test_explain_names_the_value_of_each_condition(shop):
    node = parse(
        {
            "any": [
                {"field": "age", "op": ">", "value": 40},
                {"field": "orders", "op": ">", "value": 1},
            ]
        }
    )
    why = await segments.explain(shop.warehouse, node, "ada", NOW_US)
    told = [(c.path, c.actual, c.holds) for c in why.conditions]
    assert told == [("expression.any[0]", "34", False), ("expression.any[1]", "2", True)]
    stranger = await segments.explain(shop.warehouse, node, "stranger", NOW_US)
    assert stranger.conditions[0].actual is None
    nobody = await segments.explain(shop.warehouse, node, "nobody", NOW_US)
    assert not nobody.known


async def test_pages_of_members_join_to_the_whole(shop):
    node = parse({"field": "visits", "op": ">=", "value": 0})
    first = await segments.members(shop.warehouse, node, NOW_US, 2)
    rest = await segments.members(shop.warehouse, node, NOW_US, 2, first[-1])
    assert first + rest == ["ada", "bo", "stranger"]


async def test_refresh_publishes_live_segments_and_empties_paused_ones(shop, tmp_path):
    records = SqliteRecords(tmp_path / "records.sqlite")
    records.upgrade()
    kept = Documents(records)
    edit = Edit(Actor("tester", "Tester"), NOW_US)
    buyers = SegmentDocument("买过的人", {"field": "orders", "op": ">", "value": 0})
    await kept.create(SEGMENT, "buyers", buyers, edit)
    await kept.transition(SEGMENT, "buyers", "live", edit)
    assert await segments.refresh(shop.warehouse, records, NOW_US) == {"buyers": 1}
    version = max(change.version for change in records.changes_since(0))
    assert await segments.refresh(shop.warehouse, records, NOW_US) == {"buyers": 1}
    assert records.changes_since(version) == []
    body = records.read_now(lambda conn: artifacts.get(conn, ARTIFACT_PREFIX + "buyers"))[1]
    assert load_members([body]).segments_of("ada") == {"buyers"}
    await kept.transition(SEGMENT, "buyers", "paused", edit)
    assert await segments.refresh(shop.warehouse, records, NOW_US) == {}
    body = records.read_now(lambda conn: artifacts.get(conn, ARTIFACT_PREFIX + "buyers"))[1]
    assert load_members([body]).segments_of("ada") == frozenset()
    records.close()


async def test_the_shipped_segments_are_good_documents(shop):
    for document in default_segments().values():
        SEGMENT.check(document)
        again = msgspec.json.decode(msgspec.json.encode(document), type=SegmentDocument)
        assert again == document
        assert (await segments.preview(shop.warehouse, document.expression, NOW_US)).total == 3


comparison = st.sampled_from([expression for expression, _ in CASES])
expressions = st.recursive(
    comparison,
    lambda inner: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda parts: {"any": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=6,
)


@pytest.fixture
def members_of_cases():
    return {msgspec.json.encode(expression): set(people) for expression, people in CASES}


def members_in_python(expression, known) -> set[str]:
    everyone = {"ada", "bo", "stranger"}
    if (key := msgspec.json.encode(expression)) in known:
        return known[key]
    if "not" in expression:
        return everyone - members_in_python(expression["not"], known)
    if "all" in expression:
        return set.intersection(*(members_in_python(e, known) for e in expression["all"]))
    return set.union(*(members_in_python(e, known) for e in expression["any"]))


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
async def test_all_any_and_not_are_sets(shop, members_of_cases, data):
    expression = data.draw(expressions)
    found = await segments.members(shop.warehouse, parse(expression), NOW_US, 100)
    known = members_of_cases
    assert set(found) == members_in_python(expression, known)
