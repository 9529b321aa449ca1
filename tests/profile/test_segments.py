"""Segments mean the same in preview, members, explain and the published artifact."""

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.profile.conftest import NOW_US

from queqiao.kernel.errors import Refused
from queqiao.ports.records import artifacts
from queqiao.ports.records.audit import Actor
from queqiao.ports.records.documents import Documents, Edit
from queqiao.ports.records.sqlite import SqliteRecords
from queqiao.ports.warehouse.base import NO_PARAMETERS
from queqiao.process.consent import ADVERTISING, ANALYTICS, EVERYTHING, PERSONALIZATION
from queqiao.profile import segments
from queqiao.profile.contracts import (
    ARTIFACT_PREFIX,
    SEGMENT,
    SegmentArtifact,
    SegmentDocument,
    default_segments,
    load_members,
)
from queqiao.profile.expression import parse
from queqiao.profile.person_query import FOR_ADS
from queqiao.profile.segment_counts import SHARES_MAX, SegmentCounter

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
    rest = await segments.members(shop.warehouse, node, NOW_US, 2, after=first[-1])
    assert first + rest == ["ada", "bo", "stranger"]


async def test_what_ads_know_of_people_is_made_of_what_may_advertise(empty_shop, records):
    """A member without advertising is none for ads, and ads count only the orders that they may."""
    shop, no_ads = empty_shop, ANALYTICS | PERSONALIZATION
    for person, consent in (("all", EVERYTHING), ("no-ads", no_ads), ("only-ads", ADVERTISING)):
        await shop.event(person, 1, consent=consent)
        await shop.sold(person, 1, f"{person}-1", 100, consent=consent)
    await shop.event("both", 1)
    await shop.sold("both", 1, "both-1", 100)
    await shop.sold("both", 1, "both-2", 100, consent=no_ads)
    expressions = {
        "buyers": {"field": "orders", "op": ">=", "value": 1},
        "regulars": {"field": "orders", "op": ">=", "value": 2},
        "once": {"not": {"field": "orders", "op": ">=", "value": 2}},
    }
    expected = {  # segment: those who are in it, those of whom ads know it
        "buyers": (["all", "both", "no-ads"], ["all", "both"]),
        "regulars": (["both"], []),
        "once": (["all", "no-ads"], ["all", "both"]),
    }
    for name, expression in expressions.items():
        await publish(records, name, expression)
    counted = await SegmentCounter(shop.warehouse, records).refresh(NOW_US)
    assert counted == {name: len(known) for name, (known, _) in expected.items()}
    found = load_members([artifact(records, name) for name in expressions])
    for name, (known, for_ads) in expected.items():
        for person in ("all", "both", "no-ads", "only-ads"):
            assert (name in found.personal.segments_of(person)) == (person in known)
            assert (name in found.ads.segments_of(person)) == (person in for_ads)
            why = await segments.explain(
                shop.warehouse, parse(expressions[name]), person, NOW_US, FOR_ADS
            )
            assert why.member == (person in for_ads)


async def test_members_are_counted_once_while_all_may_advertise(shop, records):
    await publish(records, "buyers", CASES[0][0])
    await SegmentCounter(shop.warehouse, records).refresh(NOW_US)
    stored = msgspec.msgpack.decode(artifact(records, "buyers"), type=SegmentArtifact)
    assert (stored.members, stored.ad_members) == (["ada"], None)
    assert load_members([artifact(records, "buyers")]).ads.segments_of("ada") == {"buyers"}
    await shop.event("ada", 0, consent=PERSONALIZATION)
    await SegmentCounter(shop.warehouse, records).refresh(NOW_US)
    stored = msgspec.msgpack.decode(artifact(records, "buyers"), type=SegmentArtifact)
    assert (stored.members, stored.ad_members) == (["ada"], ["ada"])


def test_an_artifact_that_does_not_say_has_nobody_for_ads():
    earlier = {"segment_id": "buyers", "revision": 1, "members": ["ada"]}
    found = load_members([msgspec.msgpack.encode(earlier)])
    assert found.personal.segments_of("ada") == {"buyers"}
    assert found.ads.segments_of("ada") == frozenset()


@pytest.fixture
def records(tmp_path):
    opened = SqliteRecords(tmp_path / "records.sqlite")
    opened.upgrade()
    yield opened
    opened.close()


async def publish(records, name, expression):
    kept, edit = Documents(records), Edit(Actor("tester", "Tester"), NOW_US)
    await kept.create(SEGMENT, name, SegmentDocument(name, expression), edit)
    await kept.transition(SEGMENT, name, "live", edit)


def artifact(records, name) -> bytes:
    return records.read_now(lambda conn: artifacts.get(conn, ARTIFACT_PREFIX + name))[1]


async def test_refresh_publishes_live_segments_and_empties_paused_ones(shop, records):
    kept = Documents(records)
    edit = Edit(Actor("tester", "Tester"), NOW_US)
    await publish(records, "buyers", {"field": "orders", "op": ">", "value": 0})
    assert await SegmentCounter(shop.warehouse, records).refresh(NOW_US) == {"buyers": 1}
    version = max(change.version for change in records.changes_since(0))
    assert await SegmentCounter(shop.warehouse, records).refresh(NOW_US) == {"buyers": 1}
    assert records.changes_since(version) == []
    found = load_members([artifact(records, "buyers")])
    assert found.personal.segments_of("ada") == {"buyers"}
    await kept.transition(SEGMENT, "buyers", "paused", edit)
    assert await SegmentCounter(shop.warehouse, records).refresh(NOW_US) == {}
    found = load_members([artifact(records, "buyers")])
    assert found.personal.segments_of("ada") == found.ads.segments_of("ada") == frozenset()


class Narrow:
    """A warehouse that takes a count of people only by so many shares."""

    def __init__(self, inner, shares: int, reason: str) -> None:
        self.inner, self.shares, self.reason, self.refused = inner, shares, reason, 0

    async def query(self, sql: str, parameters=NO_PARAMETERS):
        if "groupArrayIf" in sql and parameters["shares"] < self.shares:
            self.refused += 1
            raise Refused(reason=self.reason)
        return await self.inner.query(sql, parameters)


@pytest.mark.parametrize("reason", ["query_too_much_memory", "query_too_slow"])
async def test_people_who_are_too_many_are_counted_in_shares(shop, records, reason):
    await shop.login("stranger", "bo", 0.5)
    for at, (expression, _) in enumerate(CASES):
        await publish(records, f"case-{at}", expression)
    narrow = Narrow(shop.warehouse, 4, reason)
    counter = SegmentCounter(narrow, records)
    await counter.refresh(NOW_US)
    assert narrow.refused == 2
    for at, (expression, _) in enumerate(CASES):
        found = msgspec.msgpack.decode(artifact(records, f"case-{at}"), type=SegmentArtifact)
        members = await segments.members(shop.warehouse, parse(expression), NOW_US, 100)
        assert found.members == members, expression
    await counter.refresh(NOW_US)
    assert narrow.refused == 2, "it is remembered"


async def test_what_no_share_can_mend_is_told(shop, records):
    await publish(records, "buyers", {"field": "orders", "op": ">", "value": 0})
    narrow = Narrow(shop.warehouse, SHARES_MAX + 1, "query_too_slow")
    with pytest.raises(Refused):
        await SegmentCounter(narrow, records).refresh(NOW_US)
    other = Narrow(shop.warehouse, 2, "query_too_many_rows")
    with pytest.raises(Refused):
        await SegmentCounter(other, records).refresh(NOW_US)
    assert other.refused == 1


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
