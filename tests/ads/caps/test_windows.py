"""Windows are those of the shop's calendar, also where it has days of 23 and 25 hours."""

import pytest

from queqiao.decide.ads.caps.document import PERS
from queqiao.decide.ads.caps.windows import Windows
from queqiao.kernel.clock import HOUR_US, MINUTE_US, format_rfc3339, parse_rfc3339


@pytest.mark.parametrize(
    ("zone", "at", "ends"),
    [
        (
            "Asia/Shanghai",
            "2026-06-30T23:59:59.999999+08:00",
            ["2026-07-01T00:00:00+08:00"] * 3 + ["2026-07-06T00:00:00+08:00"]
            + ["2026-07-01T00:00:00+08:00"],
        ),
        (
            "Europe/Berlin",
            "2026-10-25T02:30:00+02:00",
            ["2026-10-25T02:31:00+02:00", "2026-10-25T02:00:00+01:00"]
            + ["2026-10-26T00:00:00+01:00"] * 2 + ["2026-11-01T00:00:00+01:00"],
        ),
        (
            "Asia/Kolkata",
            "2026-12-31T10:10:10+05:30",
            ["2026-12-31T10:11:00+05:30", "2026-12-31T11:00:00+05:30"]
            + [f"2027-01-0{day}T00:00:00+05:30" for day in (1, 4, 1)],
        ),
    ],
)  # fmt: skip
def test_where_windows_end(zone, at, ends):
    moment = Windows(zone).at(parse_rfc3339(at))
    assert [format_rfc3339(one) for one in moment.ends_us[:5]] == [
        format_rfc3339(parse_rfc3339(one)) for one in ends
    ]
    assert moment.ends_us[5] is None


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York", "Asia/Kathmandu"])
def test_numbers_grow_by_one_at_each_end(zone):
    windows, at_us = Windows(zone), parse_rfc3339("2026-01-01T00:00:00Z")
    for _ in range(400):
        moment = windows.at(at_us)
        for kind in range(len(PERS) - 1):
            end_us = moment.ends_us[kind]
            assert windows.at(end_us - 1).numbers[kind] == moment.numbers[kind]
            assert windows.at(end_us).numbers[kind] == moment.numbers[kind] + 1
        at_us += 23 * HOUR_US + 7 * MINUTE_US


def test_a_day_of_25_hours_is_one_day():
    windows = Windows("Europe/Berlin")
    days = {
        windows.at(parse_rfc3339("2026-10-25T00:00:00+02:00") + hour * HOUR_US).numbers[2]
        for hour in range(25)
    }
    assert len(days) == 1


@pytest.mark.parametrize("at_us", [-1, 0, parse_rfc3339("9999-12-31T23:59:59Z")])
def test_the_ends_of_time_have_windows(at_us):
    assert len(Windows("Asia/Shanghai").at(at_us).numbers) == len(PERS)
