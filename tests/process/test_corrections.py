"""Late events: a line for each that moves a closed bucket, and the versions of the buckets."""

import json
from random import Random

import pytest
from tests.process.conftest import MINUTE, T0, event

from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.envelope import decode_envelope, encode_envelope
from queqiao.kernel.errors import InvalidInput
from queqiao.kernel.http import Request
from queqiao.kernel.tokens import Signer
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
