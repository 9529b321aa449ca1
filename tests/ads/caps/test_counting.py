"""Counters against a naive exact one: over random streams, window borders and clocks that step."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ads.shop import campaign

from queqiao.decide.ads.caps.counters import COUNT_MAX, counted, shown, tag_of
from queqiao.decide.ads.caps.document import PERS
from queqiao.decide.ads.caps.people import People, key_of
from queqiao.decide.ads.caps.plan import gone, object_of
from queqiao.decide.ads.caps.sweeping import sweep
from queqiao.decide.ads.caps.table import Lock, Table
from queqiao.decide.ads.caps.windows import SPANS_US, Windows
from queqiao.kernel.clock import DAY_US, HOUR_US, MINUTE_US, SECOND_US, parse_rfc3339

ZONE = "America/New_York"
START_US = parse_rfc3339("2026-10-31T23:58:00-04:00")
"""A minute or two before a month, a Sunday and a day of 25 hours begin."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Naive:
    """Keeps every ad, and counts those of the window anew each time."""

    def __init__(self):
        self.ads = defaultdict(list)

    def allows(self, person, wish, now_us):
        return all(self.shown(person, cap, now_us) < cap[3] for cap in wish)

    def shown(self, person, cap, now_us):
        name, per, rolling, _ = cap
        return sum(same_window(at_us, now_us, per, rolling) for at_us in self.ads[person, name])

    def count(self, person, wish, now_us):
        for name in {cap[0] for cap in wish}:
            self.ads[person, name].append(now_us)


def same_window(at_us, now_us, per, rolling):
    if rolling:
        return at_us > now_us - SPANS_US[PERS.index(per)]
    return per == "lifetime" or window(at_us, per) == window(now_us, per)


def window(at_us, per):
    local = (EPOCH + timedelta(microseconds=at_us)).astimezone(ZoneInfo(ZONE))
    if per in ("minute", "hour"):
        return at_us // (MINUTE_US if per == "minute" else HOUR_US)
    date = local.date()
    return {
        "day": date,
        "week": date - timedelta(days=date.weekday()),
        "month": (date.year, date.month),
    }[per]


def tags(wish):
    return {tag_of("campaign", name, per, rolling=rolling): times
            for name, per, rolling, times in wish}  # fmt: skip


caps = st.tuples(
    st.sampled_from("ab"), st.sampled_from(PERS), st.booleans(), st.integers(1, 4)
).map(lambda cap: (*cap[:2], cap[2] and cap[1] != "lifetime", cap[3]))
wishes = st.lists(caps, min_size=1, max_size=5, unique_by=lambda cap: cap[:3])
forward = st.sampled_from(
    [0, 1, SECOND_US, 20 * SECOND_US, MINUTE_US, HOUR_US, 5 * HOUR_US, DAY_US, 9 * DAY_US]
)
persons = st.sampled_from([key_of("user", name, b"") for name in "xyz"])


def people():
    table = Table.in_memory()
    return People(lambda: table, Lock(None), Windows(ZONE))


@settings(max_examples=150, deadline=None)
@given(wishes, st.lists(st.tuples(persons, forward), max_size=60))
def test_while_time_goes_forward_counters_are_exact(wish, stream):
    ours, naive, now_us = people(), Naive(), START_US
    for person, step_us in stream:
        now_us += step_us
        allowed = naive.allows(person, wish, now_us)
        refused_by = ours.count(person, tags(wish), tags(wish), now_us)
        assert (refused_by is None) == allowed
        if allowed:
            naive.count(person, wish, now_us)
        if step_us >= DAY_US:
            sweep(ours, now_us)


@settings(max_examples=150, deadline=None)
@given(
    wishes,
    st.lists(
        st.tuples(persons, forward | st.sampled_from([-1, -MINUTE_US, -HOUR_US, -9 * HOUR_US])),
        max_size=60,
    ),
)
def test_whatever_the_clock_does_within_a_day_no_cap_breaks(wish, stream):
    ours, naive, now_us, latest_us = people(), Naive(), START_US, START_US
    for person, step_us in stream:
        now_us = max(now_us + step_us, latest_us - DAY_US + 2 * MINUTE_US)
        latest_us = max(latest_us, now_us)
        if ours.count(person, tags(wish), tags(wish), now_us) is None:
            assert naive.allows(person, wish, now_us)
            naive.count(person, wish, now_us)


def test_the_day_rolls_once_when_the_clock_steps_over_midnight():
    ours, wish = people(), [("a", "day", False, 2)]
    midnight_us = parse_rfc3339("2026-06-18T00:00:00-04:00")

    def serves(at_us):
        return ours.count(7, tags(wish), tags(wish), midnight_us + at_us) is None

    assert [serves(-SECOND_US) for _ in range(3)] == [True, True, False]
    assert serves(SECOND_US)
    assert not serves(-SECOND_US)
    assert [serves(SECOND_US) for _ in range(2)] == [True, False]
    assert not serves(-SECOND_US)


def test_a_clock_that_was_wrong_by_years_stops_nobody_for_years():
    ours, wish = people(), [("a", "minute", False, 1), ("a", "day", True, 1)]
    assert ours.count(7, tags(wish), tags(wish), START_US + 4000 * DAY_US) is None
    assert ours.count(7, tags(wish), tags(wish), START_US) is None
    assert ours.count(7, tags(wish), tags(wish), START_US) is not None


@settings(max_examples=100, deadline=None)
@given(wishes, st.lists(st.tuples(persons, forward, st.booleans()), max_size=40))
def test_what_is_taken_back_was_never_there(wish, stream):
    ours, naive, now_us = people(), Naive(), START_US
    for person, step_us, is_shown in stream:
        now_us += step_us + 1
        allowed = naive.allows(person, wish, now_us)
        assert (ours.count(person, tags(wish), tags(wish), now_us) is None) == allowed
        if allowed and is_shown:
            naive.count(person, wish, now_us)
        elif allowed:
            ours.take_back(person, tags(wish), now_us)


@settings(max_examples=100, deadline=None)
@given(wishes, st.lists(st.tuples(st.sampled_from(["device", "user"]), forward), max_size=40))
def test_a_login_gives_the_user_what_the_device_was_shown(wish, stream):
    ours, naive, now_us = people(), Naive(), START_US
    device, user = key_of("device", "d", b""), key_of("user", "u", b"")
    for at, (who, step_us) in enumerate(stream):
        now_us += step_us
        if at == len(stream) // 2:
            ours.log_in(device, user, now_us)
            ours.log_in(device, user, now_us)
        person = {"device": device, "user": user}[who]
        if at >= len(stream) // 2:
            person = ours.of_device(person)
            assert person == user
        if ours.count(person, tags(wish), tags(wish), now_us) is None:
            naive.count("one" if at >= len(stream) // 2 else who, wish, now_us)
        if at == len(stream) // 2 - 1:
            for name in "ab":
                naive.ads["one", name] = sorted(naive.ads["device", name] + naive.ads["user", name])
        if at >= len(stream) // 2:
            for cap in wish:
                together = naive.shown("one", cap, now_us)
                (tag,) = tags([cap])
                found = ours.entries(user, now_us).shown(tag, cap[3])
                assert (found >= cap[3]) == (together >= cap[3])


def test_a_device_that_changes_hands_takes_nothing_along():
    ours, wish = people(), [("a", "lifetime", False, 1)]
    device, first, second = (key_of(*who, b"") for who in
                             (("device", "d"), ("user", "1"), ("user", "2")))  # fmt: skip
    assert ours.count(device, tags(wish), tags(wish), START_US) is None
    ours.log_in(device, first, START_US)
    assert ours.count(first, tags(wish), tags(wish), START_US) is not None
    ours.log_in(device, second, START_US)
    assert ours.of_device(device) == second
    assert ours.count(second, tags(wish), tags(wish), START_US) is None


def test_a_count_stays_at_its_maximum():
    word = 0
    for _ in range(COUNT_MAX + 10):
        word = counted(word, 5, 2)
    assert shown(word, 5, 2) == COUNT_MAX
    assert shown(counted(word, 6, 2), 6, 2) == 1


def test_tags_of_all_that_is_counted_differ():
    names = [f"campaign-{number}" for number in range(20_000)]
    kinds = (("day", False), ("day", True), ("hour", True))
    found = {tag_of("campaign", n, per, rolling=rolling) for n in names for per, rolling in kinds}
    assert len(found) == 3 * len(names)


@pytest.mark.parametrize("per", PERS)
def test_what_is_swept_away_is_what_no_longer_matters(per):
    for rolling in (False, True)[: 1 if per == "lifetime" else 2]:
        ours, tag = people(), tag_of("campaign", "c", per, rolling=rolling)
        ours.count(7, [tag], {}, START_US)
        for days in range(70):
            now_us = START_US + days * DAY_US + 2 * HOUR_US
            before = ours.entries(7, now_us - DAY_US).shown(tag, 1)
            sweep(ours, now_us)
            assert ours.entries(7, now_us - DAY_US).shown(tag, 1) == before
        assert (tag in ours.entries(7, START_US).words) == (per == "lifetime")
        assert (ours.current().array[:, 0] > 0).sum() == (per == "lifetime")


def test_others_find_their_way_over_who_was_swept():
    table = Table.in_memory()
    ours = People(lambda: table, Lock(None), Windows(ZONE))
    day, life = (tag_of("campaign", "c", per, rolling=False) for per in ("day", "lifetime"))
    crowd = [(number << 32) + 512 for number in range(1, 40)]
    for number, person in enumerate(crowd):
        ours.count(person, [day] if number % 2 else [life], {}, START_US)
    sweep(ours, START_US + 3 * DAY_US)
    for number, person in enumerate(crowd):
        assert (life in ours.entries(person, START_US).words) == (number % 2 == 0)
    assert ours.count(99 << 32, [day], {}, START_US + 3 * DAY_US) is None


def test_lifetimes_of_archived_campaigns_go_and_those_of_their_advertiser_stay():
    ours, old, new = people(), campaign("old", 9).document, campaign("new", 9).document
    levels = ("creative", "group", "campaign", "advertiser", "account")
    kept = {
        tag_of(level, object_of(level, name, document, f"{name}-x"), "lifetime", rolling=False)
        for name, document in (("old", old), ("new", new))
        for level in levels
    }
    ours.count(7, sorted(kept), {}, START_US)
    found = gone([("old", old)])
    assert len(found) == 3
    assert sweep(ours, START_US, found) == 3
    assert set(ours.entries(7, START_US).words) == kept - set(map(int, found))
