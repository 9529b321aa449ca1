"""Late events: the closed buckets of event time that they move, and by how much.

A bucket (minute, hour, business day) is closed ``GRACE_US`` after its end by the clock of taking.
Numbers of a closed bucket have been shown and used, so whatever moves one is put on record: one
line per late event that moves any, with its offset. A bucket's version is the count of its lines.
What reports do not count (an event without consent for analytics) has no part in a line.
"""

from typing import NamedTuple

from queqiao.kernel.clock import DAY_US, HOUR_US, MINUTE_US, business_day, day_start_us
from queqiao.kernel.vocabulary import ADS_SOURCE
from queqiao.process.consent import is_reported
from queqiao.process.facts import Fact
from queqiao.process.orders import Booking

GRACE_US = 5 * MINUTE_US
"""How long after its end a bucket still fills without a line: devices send what they gathered."""

_COUNTED = {"Product Viewed": "views", "Product Added": "adds"}
_COUNTED_BY_ADS = {
    "Ad Viewed": ("impressions", 1),
    "Ad Clicked": ("clicks", 1),
    "Ad Click Refunded": ("clicks", -1),
}


class Correction(NamedTuple):
    """The row of the log, in the order of its table's columns.

    ``grain`` is the longest bucket that was closed: a day's line is its hour's and minute's too.
    ``metrics`` and ``amounts`` belong together; distinct counts (visitors, sessions) are not among
    them, since one event does not tell whether it is the first of its person in a bucket.
    """

    offset: int
    grain: str
    event: str
    timestamp_us: int
    received_at_us: int
    currency: str
    metrics: list[str]
    amounts: list[int]


def correction(fact: Fact, booked: Booking | None, currency: str, zone: str) -> Correction | None:
    """Return the line of a late event; None when every bucket of it is open, or no number moves."""
    envelope = fact.envelope
    at_us, taken_us = envelope.timestamp_us, envelope.received_at_us
    if taken_us <= at_us - at_us % MINUTE_US + MINUTE_US + GRACE_US:
        return None
    moved = _moved(fact, booked)
    if not moved:
        return None
    return Correction(
        fact.offset, _grain(at_us, taken_us, zone), envelope.event or "", at_us, taken_us,
        currency, list(moved), list(moved.values()),
    )  # fmt: skip


def _grain(at_us: int, taken_us: int, zone: str) -> str:
    if taken_us <= at_us - at_us % HOUR_US + HOUR_US + GRACE_US:
        return "minute"
    # A business day has 23 to 25 hours: the start of the next is found from inside it.
    start_us = day_start_us(business_day(at_us, zone), zone)
    end_us = day_start_us(business_day(start_us + DAY_US + 2 * HOUR_US, zone), zone)
    return "hour" if taken_us <= end_us + GRACE_US else "day"


def _moved(fact: Fact, booked: Booking | None) -> dict[str, int]:
    """Return by how much each metric moved: those of the catalogue that add up over events.

    Orders and their money always count, as in the reports.
    """
    counted = _of_event(fact) if is_reported(fact.consent, fact.envelope.source) else {}
    return counted | (_of_lines(booked) if booked is not None and booked.lines else {})


def _of_event(fact: Fact) -> dict[str, int]:
    envelope = fact.envelope
    event = envelope.event or ""
    moved = {"events": 1}
    if event in _COUNTED:
        moved[_COUNTED[event]] = 1
    if envelope.source == ADS_SOURCE:
        if event in _COUNTED_BY_ADS:
            metric, count = _COUNTED_BY_ADS[event]
            moved[metric] = count
        if fact.named.goods.cost_minor:
            moved["cost"] = fact.named.goods.cost_minor
    return moved


def _of_lines(booked: Booking) -> dict[str, int]:
    amount = sum(line.amount_minor for line in booked.lines)
    if booked.kind == "credit":
        return {"credit_note_count": 1, "credit_notes": amount, "net": amount}
    if booked.kind == "adjustment":
        return {"invoices": 1, "gross": amount, "net": amount}
    return {
        "orders": 1, "invoices": 1, "gmv": amount, "gross": amount, "net": amount,
        "units": sum(line.quantity for line in booked.lines),
        "discount": sum(line.discount_minor for line in booked.lines),
    }  # fmt: skip
