"""Floods in sliding windows of bounded memory, and times that no person has."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queqiao.decide.ads.traffic.contracts import VALID
from queqiao.decide.ads.traffic.floods import Bounds, Floods, flooded, keys_of
from queqiao.decide.ads.traffic.timing import timing
from queqiao.kernel.clock import SECOND_US

BOUNDS = Bounds(10 * SECOND_US, {"person": 3, "device": 5, "address": 8})


def test_the_click_that_is_one_too_many_hands_back_those_before_it_once():
    floods = Floods(BOUNDS)
    for n in range(3):
        assert floods.see({"person": "a"}, f"c{n}", n) is None
    assert floods.see({"person": "b"}, "other", 3) is None
    assert floods.see({"person": "a"}, "c3", 4) == ("person", ["c0", "c1", "c2"])
    assert floods.see({"person": "a"}, "c4", 5) == ("person", [])
    assert floods.see({"person": "a"}, "c5", 11 * SECOND_US) is None


def test_the_same_click_again_is_no_new_one():
    floods = Floods(BOUNDS)
    for n in range(9):
        assert floods.see({"person": "a", "address": "192.0.2.1"}, "c0", n) is None
    assert floods.see({"person": "a"}, "c1", 9) is None
    assert floods.see({"person": "a"}, "c2", 10) is None
    assert floods.see({"person": "a"}, "c3", 11) == ("person", ["c0", "c1", "c2"])
    assert floods.see({"person": "a"}, "c3", 12) == ("person", []), "still one too many"


def test_what_left_the_window_is_not_handed_back():
    floods = Floods(BOUNDS)
    for second in (0, 8, 9, 11):
        assert floods.see({"person": "a"}, second, second * SECOND_US) is None
    assert floods.see({"person": "a"}, 12, 12 * SECOND_US) == ("person", [8, 9, 11])


def test_clicks_of_a_past_that_is_replayed_later_are_of_another_time():
    floods = Floods(BOUNDS)
    for second in (300, 200, 100, 0, 50):
        for n in range(2):
            assert floods.see({"person": "a"}, (second, n), second * SECOND_US + n) is None


def test_the_key_idle_longest_goes_first():
    floods = Floods(BOUNDS, keys_max=2)
    for n in range(3):
        floods.see({"person": "a"}, n, n)
    floods.see({"person": "b"}, 3, 3)
    floods.see({"person": "c"}, 4, 4)
    assert len(floods) == 2
    assert floods.see({"person": "a"}, 5, 5) is None, "a was forgotten"


def test_keys_that_are_not_known_are_left_out():
    assert keys_of(None, "", "agent") == {}
    assert keys_of("p", "192.0.2.1", "") == {"person": "p", "address": "192.0.2.1"}
    assert set(keys_of("p", "192.0.2.1", "agent")) == {"person", "device", "address"}


times = st.lists(st.integers(0, 60 * SECOND_US), max_size=40)


@given(times, st.integers(1, 5))
def test_marked_are_those_in_some_window_of_too_many(clicks, limit):
    window = BOUNDS.window_us
    marks = flooded(clicks, limit, window)
    for number, at_us in enumerate(clicks):
        ends = [end for end in clicks if at_us <= end < at_us + window]
        crowds = [sum(end - window < one <= end for one in clicks) for end in ends]
        assert marks[number] == any(crowd > limit for crowd in crowds)


@given(times)
def test_live_and_whole_lists_refuse_the_same_clicks(clicks):
    """Refused at once or handed back later: together they are what the whole list marks."""
    floods, refused = Floods(BOUNDS), set()
    clicks = sorted(clicks)
    for number, at_us in enumerate(clicks):
        found = floods.see({"person": "a"}, number, at_us)
        if found is not None:
            refused |= {number, *found.earlier}
    marks = flooded(clicks, BOUNDS.clicks["person"], BOUNDS.window_us)
    assert refused == {number for number, marked in enumerate(marks) if marked}


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), max_size=200))
def test_memory_is_bounded(clicks):
    floods = Floods(BOUNDS, keys_max=2)
    for number, (person, _) in enumerate(clicks):
        floods.see({"person": str(person), "address": "192.0.2.1"}, number, number)
        assert len(floods) <= 2


@pytest.mark.parametrize(
    ("clicked", "served", "viewed", "reason"),
    [
        (1_000, 0, None, None),
        (50, 0, None, "too_fast"),
        (100, 0, None, None),
        (5_000, 0, 4_950, "too_fast"),
        (5_000, 0, 4_000, None),
        (5_000, 0, 5_500, "click_before_impression"),
        (5_000, 6_000, None, "click_before_impression"),
        (5_000, None, None, None),
        (5_000, None, 5_001, "click_before_impression"),
    ],
)
def test_times_that_no_person_has(clicked, served, viewed, reason):
    def us(ms):
        return None if ms is None else ms * 1000

    verdict = timing(us(clicked), us(served), us(viewed), 100_000)
    assert verdict.reason == reason
    assert verdict == VALID or verdict.detail.endswith(" ms")


def test_a_click_may_overtake_its_impression_on_the_way():
    assert timing(5_000_000, 0, 5_400_000, 100_000, skew_us=SECOND_US).valid
    assert not timing(5_000_000, 0, 6_400_000, 100_000, skew_us=SECOND_US).valid
