"""Late events: a line for each that moves a closed bucket, and the versions of the buckets."""

import json
from collections import Counter
from random import Random

import pytest
from msgspec import Raw
from tests.measure import shop
from tests.process.conftest import MINUTE, T0, event

from queqiao.kernel.clock import format_rfc3339, parse_rfc3339
from queqiao.kernel.envelope import decode_envelope, encode_envelope
from queqiao.kernel.errors import InvalidInput
from queqiao.kernel.http import Request
from queqiao.kernel.tokens import Signer
from queqiao.kernel.vocabulary import ADS_SOURCE
from queqiao.process.corrections_endpoints import CorrectionServices, handlers

HOUR, DAY = 60 * MINUTE, 24 * 60 * MINUTE
# T0 is 2026-05-28T20:26:40Z: 04:26:40 of the 29th in Shanghai.


def taken(late_us: int, body: bytes) -> bytes:
    """Return the event as if it had been taken so long after it happened."""
    envelope = decode_envelope(body)
    envelope.received_at_us = envelope.timestamp_us + late_us
    return encode_envelope(envelope)


async def ask(house, path: str, **query: str) -> dict:
    services = CorrectionServices(house.warehouse, Signer(bytes(32)))
    routes = {route.path: route.handler for route in handlers(services)}
    request = Request("GET", path, {}, query, {}, b"", "127.0.0.1", T0)
    return json.loads((await routes[path](request)).body)


async def test_a_late_event_says_what_it_moved_and_from_which_bucket_up(house) -> None:
    sold = [{"sku": "s", "price_minor": 500, "quantity": 2}]
    await house.load(
        taken(5 * MINUTE, event("A", 0, anon="d")),
        taken(6 * MINUTE, event("Product Viewed", 0, anon="d")),
        taken(2 * HOUR, event("Order Completed", 0, anon="d", order_id="o", products=sold)),
        taken(2 * DAY, event("Order Refunded", 0, anon="d", order_id="o", total_minor=300)),
        taken(3 * DAY, event("Ad Clicked", 0, anon="d", cost_minor=7)),
    )
    items = (await ask(house, "/api/v1/corrections"))["items"]
    assert [(one["offset"], one["grain"], one["moved"]) for one in reversed(items)] == [
        (2, "minute", {"events": 1, "views": 1}),
        (3, "hour", {"events": 1, "orders": 1, "invoices": 1, "gmv": 1000, "gross": 1000,
                     "net": 1000, "units": 2, "discount": 0}),
        (4, "day", {"events": 1, "credit_note_count": 1, "credit_notes": -300, "net": -300}),
        (5, "day", {"events": 1}),  # not the ads' own: it moves no click and no cost
    ]  # fmt: skip
    assert items[0]["timestamp"] == format_rfc3339(T0)
    assert items[0]["received_at"] == format_rfc3339(T0 + 3 * DAY)


async def test_buckets_have_versions_that_a_past_offset_can_be_asked_for(house) -> None:
    late = [event("Product Viewed", n * MINUTE, anon="d") for n in range(3)]
    await house.load(*(taken(2 * DAY, body) for body in late))
    days = (await ask(house, "/api/v1/corrections/buckets"))["items"]
    assert [(one["bucket"], one["version"], one["last_offset"]) for one in days] == [
        ("2026-05-29", 3, 3)
    ]
    assert days[0]["moved"] == [
        {"metric": "events", "currency": "", "amount": 3},
        {"metric": "views", "currency": "", "amount": 3},
    ]
    (before,) = (await ask(house, "/api/v1/corrections/buckets", as_of="1"))["items"]
    assert (before["version"], before["last_offset"]) == (1, 1)
    minutes = (await ask(house, "/api/v1/corrections/buckets", grain="minute"))["items"]
    assert [one["bucket"] for one in minutes] == [
        "2026-05-28T20:28:00Z", "2026-05-28T20:27:00Z", "2026-05-28T20:26:00Z",
    ]  # fmt: skip


async def test_what_reports_do_not_count_is_in_no_line(house) -> None:
    sold = [{"sku": "s", "price_minor": 500, "quantity": 2}]
    nothing = {"consent": {"analytics": False}}
    ads = event("Ad Clicked", 0, anon="d", context=nothing, cost_minor=7)
    envelope = decode_envelope(ads)
    envelope.source = ADS_SOURCE
    await house.load(
        taken(2 * DAY, event("Product Viewed", 0, anon="d", context=nothing)),
        taken(
            2 * DAY,
            event("Order Completed", 0, anon="d", context=nothing, order_id="o", products=sold),
        ),
        taken(2 * DAY, encode_envelope(envelope)),
        taken(2 * DAY, event("Product Viewed", 0, anon="other")),
    )
    items = (await ask(house, "/api/v1/corrections"))["items"]
    assert [(one["offset"], one["moved"]) for one in reversed(items)] == [
        (2, {"orders": 1, "invoices": 1, "gmv": 1000, "gross": 1000, "net": 1000, "units": 2,
             "discount": 0}),
        (3, {"events": 1, "clicks": 1, "cost": 7}),
        (4, {"events": 1, "views": 1}),
    ]  # fmt: skip


METRICS = (
    "views", "adds", "impressions", "clicks", "cost", "orders", "invoices", "gmv", "gross", "net",
    "units", "discount", "credit_note_count", "credit_notes",
)  # fmt: skip
CONSENTS = [None, None, {"analytics": True}, {"analytics": False}, False, {"advertising": True}]


def shopping(chance: Random, number: int, *, late: bool) -> bytes:
    """Return an event of the shop, with or without consent, of a source of two; late or not."""
    envelope = shop.happening(chance, number)
    envelope.context = Raw(json.dumps({"consent": chance.choice(CONSENTS)}).encode())
    if envelope.source == "web" and chance.random() < 0.3:
        envelope.source = "till"
    if envelope.event == "Order Completed":
        properties = json.loads(bytes(envelope.properties)) | {"discount_minor": 1}
        envelope.properties = Raw(json.dumps(properties).encode())
    if late:
        envelope.received_at_us += 60 * DAY
    return encode_envelope(envelope)


async def shown(house, grain: str, as_of: int) -> Counter[tuple[str, str]]:
    """Return what the reports say of each bucket."""
    numbers: Counter[tuple[str, str]] = Counter()
    asked = {"metrics": METRICS, "granularity": grain, "limit": 10_000}
    answer = json.loads(await shop.answer(house.warehouse, asked, as_of))
    for bucket, *values in answer["rows"]:
        name = bucket[:10] if grain == "day" else format_rfc3339(parse_rfc3339(bucket))
        numbers.update({(name, metric): n for metric, n in zip(METRICS, values, strict=True)})
    return numbers


async def corrected(house, grain: str, as_of: int) -> Counter[tuple[str, str]]:
    """Return what the log of corrections says of each bucket, but for the count of events."""
    query = {"grain": grain, "as_of": str(as_of), "limit": "200"}
    items = (await ask(house, "/api/v1/corrections/buckets", **query))["items"]
    assert len(items) < 200, "all of them"
    return Counter(
        {
            (one["bucket"], moved["metric"]): moved["amount"]
            for one in items
            for moved in one["moved"]
            if moved["metric"] != "events"
        }
    )


def difference(later: Counter, earlier: Counter) -> dict:
    later.subtract(earlier)
    return {key: amount for key, amount in later.items() if amount}


async def test_the_lines_of_a_bucket_are_what_the_report_moved_by(house) -> None:
    chance = Random(11)
    await house.load(*(shopping(chance, n, late=False) for n in range(80)))
    await house.load(*(shopping(chance, n, late=True) for n in range(80, 240)))
    moved: set[str] = set()
    for grain in ("minute", "hour", "day"):
        for _ in range(2):
            first, last = sorted(chance.sample(range(80, 241), 2))
            by_report = difference(
                await shown(house, grain, last), await shown(house, grain, first)
            )
            by_lines = difference(
                await corrected(house, grain, last), await corrected(house, grain, first)
            )
            assert by_lines == by_report, (grain, first, last)
            moved |= {metric for _, metric in by_report}
    assert moved == set(METRICS)


async def test_pages_hold_each_line_once(house) -> None:
    chance = Random(2)
    await house.load(
        *(taken(chance.choice([0, HOUR]), event("A", n, anon=f"d{n}")) for n in range(40))
    )
    whole = (await ask(house, "/api/v1/corrections", limit="200"))["items"]
    paged, cursor = [], {}
    while True:
        page = await ask(house, "/api/v1/corrections", limit="7", **cursor)
        paged += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert paged == whole
    assert 5 < len(whole) < 40


@pytest.mark.parametrize(
    ("query", "path"),
    [({"grain": "week"}, "grain"), ({"from": "yesterday"}, "from"), ({"cursor": "x"}, "cursor")],
)
async def test_a_wrong_question_names_the_field(house, query, path) -> None:
    await house.load()
    with pytest.raises(InvalidInput) as refusal:
        await ask(house, "/api/v1/corrections", **query)
    assert [field.path for field in refusal.value.fields] == [path]
