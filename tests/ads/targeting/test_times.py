"""Windows and grids by the clock of the wall: zones, midnight, days of 23 and 25 hours."""

import pytest

from queqiao.decide.ads.targeting.parsing import parse
from queqiao.decide.ads.targeting.situation import situation
from queqiao.decide.ads.targeting.tree import holds
from queqiao.kernel.clock import parse_rfc3339


def is_on(op, value, now, zone="Asia/Shanghai"):
    clause = {"field": "now", "op": op, "value": value, "timezone": zone}
    return holds(parse(clause), situation({}, parse_rfc3339(now)))


def grid(marks, days="1111111"):
    return [marks if day == "1" else "0" * 48 for day in days]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-01T00:30:00-04:00", False),
        ("2026-11-01T01:30:00-04:00", True),
        ("2026-11-01T01:30:00-05:00", True),
        ("2026-11-01T02:00:00-05:00", False),
    ],
)
def test_an_hour_that_the_clock_shows_twice_counts_twice(now, expected):
    marks = "0" * 2 + "1" * 2 + "0" * 44
    assert is_on("in_grid", grid(marks), now, "America/New_York") == expected
    window = [{"from_time": "01:00", "until_time": "02:00"}]
    assert is_on("in_windows", window, now, "America/New_York") == expected


def test_an_hour_that_the_clock_leaves_out_never_comes():
    marks = "0" * 4 + "1" * 2 + "0" * 42
    moments = [
        f"2026-03-08T{hour:02}:{minute}:00Z" for hour in range(24) for minute in ("00", "30")
    ]
    assert not any(is_on("in_grid", grid(marks), m, "America/New_York") for m in moments)


def test_the_first_and_the_last_half_hour_of_a_week():
    first, last = "1" + "0" * 47, "0" * 47 + "1"
    assert is_on("in_grid", grid(first, "1000000"), "2026-06-15T00:00:00+08:00")
    assert not is_on("in_grid", grid(first, "1000000"), "2026-06-15T00:30:00+08:00")
    assert is_on("in_grid", grid(last, "0000001"), "2026-06-21T23:59:59.999999+08:00")
    assert not is_on("in_grid", grid(last, "0000001"), "2026-06-22T00:00:00+08:00")


def test_a_window_over_the_end_of_the_week_and_of_the_calendar():
    sunday_night = [{"weekdays": [7], "from_time": "23:00", "until_time": "01:00"}]
    assert is_on("in_windows", sunday_night, "2026-06-21T23:30:00+08:00")
    assert is_on("in_windows", sunday_night, "2026-06-22T00:30:00+08:00")
    assert not is_on("in_windows", sunday_night, "2026-06-21T00:30:00+08:00")
    until_the_last_day = [{"from_time": "22:00", "until_time": "02:00", "until_date": "9999-12-31"}]
    assert is_on("in_windows", until_the_last_day, "9999-12-31T23:00:00+08:00")


def test_the_zone_of_the_shop_is_that_of_clauses_without_one():
    clause = {"field": "now", "op": "in_windows", "value": [{"until_time": "01:00"}]}
    seen = situation({}, parse_rfc3339("2026-06-18T00:30:00-04:00"))
    assert holds(parse(clause, zone="America/New_York"), seen)
    assert not holds(parse(clause), seen)
