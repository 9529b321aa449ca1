"""What a receipt tells that an event moved: asked of the tables that the loader filled."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from tests.process.conftest import MINUTE, House, event, opened

from queqiao.collect.contracts import ClosedBucket, Correction, Problem, Stitch
from queqiao.kernel.envelope import decode_envelope, encode_envelope
from queqiao.wiring.receipts import LINES_MAX, moved_by

ZONE = "Asia/Shanghai"
HOUR, DAY = 60 * MINUTE, 24 * 60 * MINUTE
# T0 is 2026-05-28T20:26:40Z: 04:26:40 of the 29th in Shanghai.
BUCKETS = [
    ClosedBucket("minute", "2026-05-28T20:26:00Z"),
    ClosedBucket("hour", "2026-05-28T20:00:00Z"),
    ClosedBucket("day", "2026-05-29"),
]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with opened(tmp_path) as made:
        yield made


def taken(late_us: int, body: bytes) -> bytes:
    """Return the event as if it had been taken so long after it happened."""
    envelope = decode_envelope(body)
    return encode_envelope(
        msgspec.structs.replace(envelope, received_at_us=envelope.timestamp_us + late_us)
    )


async def test_an_order_moved_its_person_its_visit_and_its_lines(house: House) -> None:
    sold = [{"sku": f"s{n}", "price_minor": 500 + n, "quantity": 2} for n in range(3)]
    order = event("Order Completed", 0, anon="d", user="u", order_id="o-1", products=sold)
    await house.load(order, event("Product Viewed", 0, anon="other"))
    moved = await moved_by(house.warehouse, 1, ZONE)
    assert moved.event is not None
    assert (moved.event.event, moved.event.person_id, moved.event.order_id) == (
        "Order Completed",
        "u",
        "o-1",
    )
    assert moved.event.session_id
    assert (moved.event.value_minor, moved.event.currency) == (3_006, "CNY")
    lines = [(one.line, one.kind, one.order_id, one.sku, one.quantity, one.amount_minor)
             for one in moved.order_lines]  # fmt: skip
    assert lines == [(n, "sale", "o-1", f"s{n}", 2, 2 * (500 + n)) for n in range(3)]
    assert (moved.stitches, moved.problems, moved.corrections) == ([], [], [])


@pytest.mark.parametrize(("late_us", "buckets"), [(6 * MINUTE, 1), (2 * HOUR, 2), (2 * DAY, 3)])
async def test_a_late_view_moved_closed_buckets(house: House, late_us: int, buckets: int) -> None:
    await house.load(taken(late_us, event("Product Viewed", 0, anon="d", currency="CNY")))
    moved = await moved_by(house.warehouse, 1, ZONE)
    amounts = {"events": 1, "views": 1}
    assert moved.corrections == [Correction(BUCKETS[:buckets], "CNY", amounts)]
    assert moved.order_lines == []


async def test_what_could_not_be_taken_and_who_was_stitched_is_told(house: House) -> None:
    phone = {"traits": {"phone": "13812345678"}}
    logins = [event(None, n, user=f"u{n}", kind="identify", context=phone) for n in (1, 2)]
    await house.load(*logins, event("Product Viewed", 3, user="u1", price_minor="x"))
    assert (await moved_by(house.warehouse, 2, ZONE)).stitches == [Stitch("u2", "u1", "phone")]
    (problem,) = (await moved_by(house.warehouse, 3, ZONE)).problems
    assert problem == Problem("properties.price_minor", "wrong type")


async def test_of_a_long_order_the_first_lines_are_told(house: House) -> None:
    sold = [{"sku": f"s{n}", "price_minor": 1} for n in range(LINES_MAX + 1)]
    await house.load(event("Order Completed", 0, user="u", order_id="o", products=sold))
    moved = await moved_by(house.warehouse, 1, ZONE)
    assert [one.line for one in moved.order_lines] == list(range(LINES_MAX))
