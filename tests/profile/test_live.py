"""What a person did lately: a row is a function of the events, however they are cut or sent."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queqiao.kernel.clock import DAY_US, HOUR_US, parse_rfc3339
from queqiao.ports.profile_rows.base import Cell
from queqiao.profile.live import (
    EMPTY,
    GOODS_MAX,
    Counts,
    Good,
    Happening,
    Link,
    Live,
    changed,
    decoded,
    folded,
    recent,
)

ZONE = "Asia/Shanghai"
NOW_US = parse_rfc3339("2026-06-18T12:00:00Z")


def lived(*steps, of=EMPTY):
    made = [
        Happening(number, "p", kind, NOW_US - int(hours * HOUR_US), tuple(skus.split()))
        for number, (kind, hours, skus) in enumerate(steps, 1)
    ]
    return folded(of, made, ZONE)


def told(*steps):
    return recent([lived(*steps)], NOW_US, ZONE)


def skus(goods):
    return [one.sku for one in goods]


def test_the_latest_goods_come_first_and_each_once():
    seen = told(("view", 3, "a"), ("view", 2, "b"), ("view", 1, "a"))
    assert seen.viewed == [Good("a", NOW_US - HOUR_US), Good("b", NOW_US - 2 * HOUR_US)]


def test_a_late_event_falls_into_place_by_its_own_time():
    assert skus(told(("view", 1, "a"), ("view", 5, "b"), ("view", 3, "c")).viewed) == list("acb")
    assert told(("view", 1, "a"), ("view", 5, "a")).viewed == [Good("a", NOW_US - HOUR_US)]


def test_what_is_taken_out_of_the_cart_or_bought_is_in_it_no_more():
    carted = [("cart", 5, "a"), ("cart", 5, "b"), ("cart", 5, "c")]
    assert skus(told(*carted, ("uncart", 4, "b"), ("order", 3, "c d")).carted) == ["a"]
    assert skus(told(*carted, ("uncart", 4, "b"), ("cart", 3, "b")).carted) == ["b", "c", "a"]
    assert skus(told(("order", 3, "c"), ("cart", 1, "c")).carted) == ["c"]
    assert skus(told(("uncart", 2, "a"), ("cart", 4, "a")).carted) == []  # they came out of order


def test_counts_are_of_the_business_day():
    steps = [("view", 23, "a"), ("view", 2, "a"), ("view", 1, "a"), ("cart", 1, "a")]
    assert told(*steps, ("order", 0.5, "a b")).today == Counts("2026-06-18", 2, 1, 1)
    late = told(("view", 1, "a"), ("view", 23, "b"))  # of a day that is over
    assert late.today == Counts("2026-06-18", 1, 0, 0)
    tomorrow = recent([lived(("view", 1, "a"))], NOW_US + DAY_US, ZONE)
    assert tomorrow.today == Counts("2026-06-19")
    assert skus(tomorrow.viewed) == ["a"]


def test_a_midnight_of_the_shop_begins_a_day():
    before = parse_rfc3339("2026-06-17T15:59:59Z")
    row = folded(EMPTY, [Happening(1, "p", "view", before, ("a",))], ZONE)
    assert row.counts == Counts("2026-06-17", 1)
    row = folded(row, [Happening(2, "p", "view", before + 1_000_000, ("a",))], ZONE)
    assert row.counts == Counts("2026-06-18", 1)


def test_what_is_long_ago_is_not_told():
    assert told(("view", 24 * 31, "a"), ("order", 24 * 31, "a"), ("view", 1, "b")).bought == []
    assert told(("view", 24 * 31, "a")).is_empty


def test_who_no_longer_allows_it_has_nothing_kept():
    row = lived(("view", 2, "a"), ("cart", 2, "a"), ("link", 2, "u"), ("off", 1, ""))
    assert row == Live(position=4)
    assert set(changed(lived(("view", 2, "a")), row)) == {
        "live:viewed",
        "live:counts",
        "live:position",
    }


def test_rows_of_one_person_are_put_together():
    user, device = (
        lived(("view", 1, "a"), ("order", 1, "x")),
        lived(("view", 2, "b"), ("cart", 2, "x")),
    )
    both = recent([user, device], NOW_US, ZONE)
    assert skus(both.viewed) == ["a", "b"]
    assert (skus(both.carted), skus(both.bought)) == ([], ["x"])
    assert both.today == Counts("2026-06-18", 2, 1, 1)


def test_a_link_is_written_anew_once_a_day_at_most():
    row = lived(("link", 30, "u"), ("link", 29, "u"))
    assert row.link == Link("u", NOW_US - 30 * HOUR_US)
    assert lived(("link", 30, "u"), ("link", 1, "u")).link.at_us == NOW_US - HOUR_US
    assert lived(("link", 30, "u"), ("link", 29, "v")).link.user == "v"


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["view", "view", "cart", "uncart", "order", "link", "off"]),
        st.integers(0, 40),
        st.sampled_from("abcdefgh"),
    ),
    max_size=60,
)


@given(STEPS, st.lists(st.integers(0, 60)), st.randoms())
def test_however_the_events_are_cut_and_repeated_the_row_is_one(steps, cuts, chance: Random):
    made = [
        Happening(number, "p", kind, NOW_US - hours * HOUR_US, (sku,))
        for number, (kind, hours, sku) in enumerate(steps, 1)
    ]
    whole = folded(EMPTY, made, ZONE)
    row, stored = EMPTY, {}
    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(made)], strict=True):
        again = chance.randint(0, start)  # a crash: the checkpoint is behind the row
        columns = changed(row, folded(row, made[min(start, again) : end], ZONE))
        stored |= {name: Cell(value, 0) for name, value in columns.items()}
        row = decoded(stored)
    assert recent([row], NOW_US, ZONE) == recent([whole], NOW_US, ZONE)
    assert len(row.viewed) <= GOODS_MAX


@given(st.lists(st.tuples(st.sampled_from(["view", "cart", "uncart"]), st.integers(0, 40),
                          st.integers(0, 30)), max_size=80), st.randoms())  # fmt: skip
def test_the_goods_do_not_depend_on_the_order_of_arrival(steps, chance: Random):
    def goods(order):
        made = [Happening(n, "p", kind, NOW_US - hours * HOUR_US, (f"s{sku}",))
                for n, (kind, hours, sku) in enumerate(order, 1)]  # fmt: skip
        row = folded(EMPTY, made, ZONE)
        return row.viewed, row.carted

    shuffled = list(steps)
    chance.shuffle(shuffled)
    assert goods(steps) == goods(shuffled)


@pytest.mark.parametrize("position", [0, 7])
def test_nothing_is_written_where_nothing_is_new(position):
    row = Live(position=position, link=Link("u", NOW_US))
    later = folded(row, [Happening(9, "p", "link", NOW_US + 1, ("u",))], ZONE)
    assert changed(row, later) == {}
