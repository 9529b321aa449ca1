"""Bookings: refused beyond what is free, by day; a booking never promises more than is free."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.ads.inventory.supplied import TODAY, supplies
from tests.ads.shop import NOW_US

from queqiao.decide.ads.contracts import CAMPAIGN, PLACEMENT, Campaign, Creative, Placement
from queqiao.decide.ads.inventory import supply
from queqiao.decide.ads.inventory.availability import Calendar
from queqiao.decide.ads.inventory.booking import booked, most_free, overbooked, shared, spread
from queqiao.decide.ads.inventory.deal import DEAL, Deal, check_deal
from queqiao.decide.ads.inventory.deal_days import window
from queqiao.decide.ads.inventory.publishing import DealDesk
from queqiao.decide.ads.targeting.index import FOREVER_US
from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.errors import InvalidInput
from queqiao.ports.records import artifacts, documents
from queqiao.ports.records.audit import SYSTEM
from queqiao.ports.records.sqlite import SqliteRecords


def deal(**changes):
    base = {
        "name": "618 首焦", "kind": "guaranteed", "currency": "CNY", "cpm_minor": 3_000,
        "placements": ["home"], "campaign": "c", "from_day": "2026-06-19", "to_day": "2026-06-25",
        "impressions": 10_000,
    }  # fmt: skip
    return Deal(**{**base, **changes})


@pytest.mark.parametrize(
    ("path", "changes"),
    [
        ("campaign", {"campaign": None}),
        ("placements", {"placements": []}),
        ("placements[1]", {"placements": ["home", "home"]}),
        ("to_day", {"to_day": "2026-06-18"}),
        ("to_day", {"to_day": "2028-06-18"}),
        ("from_day", {"from_day": "2026-02-30"}),
        ("currency", {"currency": "XXX"}),
        ("advertisers", {"advertisers": ["a"]}),
        ("impressions", {"kind": "private", "campaign": None}),
    ],
)
def test_a_wrong_field_is_named(path, changes):
    with pytest.raises(InvalidInput) as refused:
        check_deal(deal(**changes))
    assert [field.path for field in refused.value.fields] == [path]


@given(amount=st.integers(0, 10**9), weights=st.lists(st.integers(0, 10**6), min_size=1))
def test_the_parts_of_a_deal_are_its_promise(amount, weights):
    parts = shared(amount, weights)
    assert sum(parts) == amount
    total = sum(weights) or len(weights)
    for part, weight in zip(parts, weights if sum(weights) else [1] * len(weights), strict=True):
        assert abs(part - amount * weight / total) <= 1


BOOKING = st.tuples(
    st.lists(st.sampled_from(["home", "side"]), min_size=1, max_size=2, unique=True),
    st.integers(1, 20),
    st.integers(0, 20),
    st.integers(1, 30_000),
)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 99), wanted=st.lists(BOOKING, max_size=8))
def test_what_is_booked_is_never_more_than_is_expected(seed, wanted):
    calendar = Calendar(supplies(np.random.default_rng(seed), {"home": 3_000, "side": 400}))
    taken = []
    for places, start, length, impressions in wanted:
        days = {"from_day": f"2026-07-{start:02}", "to_day": f"2026-07-{min(31, start + length)}"}
        if length + start < 10:
            days["to_day"] = f"2026-07-{start + length:02}"
        asked = deal(placements=places, impressions=impressions, **days)
        others = booked(taken, calendar)
        most = most_free(asked, others, calendar)
        if overbooked(asked, others, calendar):
            assert most < impressions
        if most:
            fits = deal(placements=places, impressions=most, **days)
            assert overbooked(fits, others, calendar) == []
            taken.append(fits)
    for (place, day), count in booked(taken, calendar).items():
        assert count <= calendar.on(place, day).expected


class Desk:
    """The records of a shop with one placement, its supply and a booked campaign."""

    def __init__(self, folder):
        self.records = SqliteRecords(folder / "records.sqlite")
        self.records.upgrade()
        self.desk = DealDesk("Asia/Shanghai")
        self.supplies = supplies(np.random.default_rng(7), {"home": 2_000})

    async def open(self):
        creative = Creative("x", "t", "/p")
        edit = documents.Edit(SYSTEM, NOW_US)

        def store(conn):
            artifacts.put(conn, supply.ARTIFACT, supply.encode(self.supplies), NOW_US)
            documents.create(conn, PLACEMENT, "home", Placement("h", 1, "CNY"), edit)
            for name in ("c", "d"):
                booked_one = Campaign(name, "a", ["home"], 0, "CNY", 0, [creative], sold="booked")
                documents.create(conn, CAMPAIGN, name, booked_one, edit)

        await self.records.write(store)
        return self

    async def publish(self, name, document, now_us=NOW_US):
        """Bring a deal live as the router does: all of it or nothing."""

        def bring(conn):
            edit = documents.Edit(SYSTEM, now_us)
            documents.create(conn, DEAL, name, document, edit)
            stored = documents.transition(conn, DEAL, name, "live", edit)
            self.desk.check_change(stored, conn)
            return self.desk.dangers(stored, conn)

        return await self.records.write(bring)


async def test_what_is_not_free_is_refused_by_day_with_the_number_that_is(tmp_path):
    desk = await Desk(tmp_path).open()
    calendar = Calendar(desk.supplies)
    free = most_free(deal(impressions=10**6), {}, calendar)
    assert 7_000 < free < 25_000
    assert await desk.publish("a", deal(impressions=free // 2)) == ()
    with pytest.raises(InvalidInput) as refused:
        await desk.publish("b", deal(campaign="d", impressions=free))
    (field,) = refused.value.fields
    assert field.path == "impressions"
    left = most_free(
        deal(impressions=free), booked([deal(impressions=free // 2)], calendar), calendar
    )
    assert f"which is {left}" in field.message.en
    assert "2026-06-19 home" in field.message.en
    assert str(left) in field.message.zh
    assert await desk.publish("c", deal(campaign="d", impressions=left)) == ()


async def test_with_a_reason_another_person_may_allow_it(tmp_path):
    desk = await Desk(tmp_path).open()
    (danger,) = await desk.publish("a", deal(impressions=10**7, overbooking_reason="旺季加量"))
    assert danger.path == "impressions"


@pytest.mark.parametrize(
    ("path", "changes"),
    [
        ("from_day", {"from_day": "2026-06-17"}),
        ("to_day", {"from_day": "9999-12-30", "to_day": "9999-12-31"}),
        ("to_day", {"from_day": "2027-06-18", "to_day": "2027-06-20"}),
        ("placements[0]", {"placements": ["nowhere"]}),
        ("campaign", {"campaign": "nobody"}),
        ("currency", {"currency": "USD"}),
    ],
)
async def test_what_a_deal_names_has_to_be_there(tmp_path, path, changes):
    desk = await Desk(tmp_path).open()
    with pytest.raises(InvalidInput) as refused:
        await desk.publish("a", deal(**changes))
    assert path in [field.path for field in refused.value.fields]


async def test_one_campaign_has_one_deal_at_a_time(tmp_path):
    desk = await Desk(tmp_path).open()
    await desk.publish("a", deal(impressions=100))
    with pytest.raises(InvalidInput) as refused:
        await desk.publish("b", deal(impressions=100, from_day="2026-06-25", to_day="2026-06-26"))
    assert [field.path for field in refused.value.fields] == ["campaign"]
    await desk.publish("b", deal(impressions=100, from_day="2026-06-26", to_day="2026-06-27"))


def test_a_day_that_is_over_brought_what_was_counted():
    calendar = Calendar(supplies(np.random.default_rng(3), {"home": 500}))
    found = spread(deal(from_day="2026-06-16", to_day="2026-06-19"), calendar)
    seen = calendar.on("home", "2026-06-17")
    assert seen.low == seen.expected == seen.high
    assert found["home", "2026-06-17"] > 0
    assert calendar.on("nowhere", TODAY).high == 0


def test_of_a_day_too_far_ahead_nothing_is_known():
    calendar = Calendar(supplies(np.random.default_rng(3), {"home": 500}))
    assert calendar.on("home", "2027-06-19").expected > 0
    assert calendar.on("home", "9999-12-31").high == 0
    far = deal(from_day="9999-12-30", to_day="9999-12-31", impressions=4)
    assert sum(spread(far, calendar).values()) == 4


def test_the_last_day_there_is_means_for_ever():
    asked = deal(kind="private", campaign=None, impressions=None)
    ends = {
        day: window(replace(asked, from_day=None, to_day=day), "Asia/Shanghai")
        for day in ("9999-12-30", "9999-12-31", "2026-06-18", "0001-01-01")
    }
    assert ends["9999-12-30"][1] < ends["9999-12-31"][1] == FOREVER_US
    assert format_rfc3339(ends["2026-06-18"][1]) == "2026-06-18T16:00:00Z"
    assert ends["0001-01-01"][1] < 0
