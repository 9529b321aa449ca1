"""Flash sale documents: wrong fields are named; days and zones become sessions."""

import msgspec
import pytest

from queqiao.decide.promotions.flash_sales.contracts import FLASH_SALE
from queqiao.decide.promotions.flash_sales.sessions import sessions_of
from queqiao.kernel import json
from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.errors import InvalidInput

GOOD = {
    "name": "618",
    "items": [{"sku": "A", "price_minor": 100, "stock": 5}],
    "sessions": [
        {"starts_at": "2026-06-18T10:00:00+08:00", "ends_at": "2026-06-18T12:00:00+08:00"}
    ],
}
DAILY = {
    "first_day": "2026-06-18",
    "last_day": "2026-06-19",
    "hours": [{"starts": "10:00", "ends": "12:00"}, {"starts": "22:00", "ends": "24:00"}],
}
ITEM, TIMES = GOOD["items"][0], GOOD["sessions"][0]


def check(document):
    found = json.decode(msgspec.json.encode(document), FLASH_SALE.type)
    FLASH_SALE.check(found)
    return found


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"name": ""}, "name"),
        ({"name": 5}, "name"),
        ({"oops": 1}, "oops"),
        ({"items": []}, "items"),
        ({"items": [ITEM | {"price_minor": -1}]}, "items[0].price_minor"),
        ({"items": [ITEM | {"price_minor": 10**14}]}, "items[0].price_minor"),
        ({"items": [ITEM | {"price_minor": 1.5}]}, "items[0].price_minor"),
        ({"items": [ITEM | {"price_minor": "1"}]}, "items[0].price_minor"),
        ({"items": [ITEM | {"stock": -1}]}, "items[0].stock"),
        ({"items": [ITEM | {"stock": 10**10}]}, "items[0].stock"),
        ({"items": [ITEM | {"limit_per_customer": 0}]}, "items[0].limit_per_customer"),
        ({"items": [ITEM | {"sku": "x" * 129}]}, "items[0].sku"),
        ({"items": [ITEM, ITEM]}, "items[1].sku"),
        ({"currency": "XXX"}, "currency"),
        ({"sessions": []}, "sessions"),
        ({"sessions": [TIMES | {"starts_at": "soon"}]}, "sessions[0].starts_at"),
        ({"sessions": [TIMES | {"ends_at": "2026-06-18T10:00:00+08:00"}]}, "sessions[0].ends_at"),
        ({"sessions": [TIMES, TIMES]}, "sessions[1]"),
        ({"daily": DAILY}, "sessions[0]"),
        ({"sessions": [], "daily": DAILY | {"timezone": "Mars/X"}}, "daily.timezone"),
        ({"sessions": [], "daily": DAILY | {"first_day": "2026-02-30"}}, "daily.first_day"),
        ({"sessions": [], "daily": DAILY | {"last_day": "2026-06-01"}}, "daily.last_day"),
        ({"sessions": [], "daily": DAILY | {"last_day": "2036-06-01"}}, "daily.last_day"),
        ({"sessions": [], "daily": DAILY | {"last_day": "9999-12-31"}}, "daily.last_day"),
        (
            {"sessions": [], "daily": DAILY | {"hours": [{"starts": "12:00", "ends": "12:00"}]}},
            "daily.hours[0].ends",
        ),
        (
            {"sessions": [], "daily": DAILY | {"hours": [{"starts": "25:00", "ends": "26:00"}]}},
            "daily.hours[0].starts",
        ),
        ({"sessions": [], "daily": DAILY | {"weekdays": [1]}}, "daily.weekdays"),
        ({"sessions": [], "daily": DAILY | {"weekdays": [8]}}, "daily.weekdays[0]"),
        ({"queue": {"admissions_per_s": 0}}, "queue.admissions_per_s"),
        ({"customer_limits": {"per_session": 0}}, "customer_limits.per_session"),
        ({"reservation_expires_after_s": 0}, "reservation_expires_after_s"),
        ({"warm_up_s": -1}, "warm_up_s"),
    ],
)
def test_a_wrong_field_is_named(fields, path):
    with pytest.raises(InvalidInput) as wrong:
        check(GOOD | fields)
    assert path in {field.path for field in wrong.value.fields}


def test_daily_sessions_are_of_their_zone():
    found = sessions_of(check(GOOD | {"sessions": [], "daily": DAILY}))
    assert [format_rfc3339(session.starts_us) for session in found] == [
        "2026-06-18T02:00:00Z",
        "2026-06-18T14:00:00Z",
        "2026-06-19T02:00:00Z",
        "2026-06-19T14:00:00Z",
    ]
    assert format_rfc3339(found[1].ends_us) == "2026-06-18T16:00:00Z"
    assert found[0].id == "20260618T020000Z"
    fridays = DAILY | {"weekdays": [5]}
    assert len(sessions_of(check(GOOD | {"sessions": [], "daily": fridays}))) == 2


def test_a_day_of_which_an_hour_is_missing():
    """At 02:00 of that day clocks in Berlin go to 03:00: the session is as long as it is."""
    hours = [{"starts": "01:30", "ends": "03:30"}]
    daily = {"first_day": "2026-03-29", "last_day": "2026-03-29", "hours": hours}
    daily["timezone"] = "Europe/Berlin"
    (session,) = sessions_of(check(GOOD | {"sessions": [], "daily": daily}))
    assert session.ends_us - session.starts_us == 3_600_000_000
