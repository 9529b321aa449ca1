"""The loader over real adapters: facts, identity, sessions, and what cannot be processed."""

import asyncio

import pytest
from tests.process.conftest import MINUTE, T0, append, event

from queqiao.kernel.errors import Unavailable
from queqiao.process.contracts import watermark
from queqiao.process.loader import Pace

DAY = 24 * 60 * MINUTE


async def test_an_event_becomes_a_row(house) -> None:
    await house.load(
        event("Product Viewed", 7, user="u1", anon="a1", sku="s1", price_minor=1999, currency="CNY",
              category="tea", context={"channel": "app"}, strange={"x": [1]}),
    )  # fmt: skip
    rows = await house.ask(
        "SELECT offset, event, person_id, timestamp, channel, sku, category, value_minor,"
        " properties FROM events"
    )
    (row,) = rows
    assert row[:8] == [1, "Product Viewed", "u1", T0 + 7, "app", "s1", "tea", 1999]
    assert '"strange":{"x":[1]}' in row[8]


async def test_a_person_is_the_last_user_of_the_device(house) -> None:
    await house.load(
        event("A", 1, anon="d1"),
        event(None, 2, anon="d1", user="ann", kind="identify"),
        event("A", 3, anon="d1"),
        event("A", 4, anon="d1", user="bob"),
        event("A", 5, anon="d1"),
        event("A", 6, user="ann"),
        event(None, 7, user="eve", kind="alias", previous_id="d2"),
        event("A", 8, anon="d2"),
    )
    assert await house.ask("SELECT person_id FROM events ORDER BY offset") == [
        [one] for one in ("d1", "ann", "ann", "bob", "bob", "ann", "eve", "eve")
    ]
    assert await house.ask("SELECT anonymous_id, user_id, at FROM identities ORDER BY offset") == [
        ["d1", "ann", T0 + 2],
        ["d1", "bob", T0 + 4],
        ["d2", "eve", T0 + 7],
    ]


async def test_sessions_end_after_thirty_minutes_and_late_events_find_theirs(house) -> None:
    times = [0, 29, 59, 90, 91, 60, 200, 20]
    await house.load(*[event("A", at * MINUTE, anon="d") for at in times])
    ids = [row[0] for row in await house.ask("SELECT session_id FROM events ORDER BY offset")]
    assert ids == ["1", "1", "1", "4", "4", "4", "7", "1"]
    versions = "SELECT session_id, closed, events FROM sessions ORDER BY offset, closed"
    assert await house.ask(versions) == [
        ["1", 0, 1], ["4", 0, 1], ["1", 1, 3], ["7", 0, 1], ["4", 1, 3],
    ]  # fmt: skip


async def test_a_servers_event_joins_the_visit_of_the_users_device(house) -> None:
    await house.load(
        event("A", 0, user="ann"),
        event("A", 40 * MINUTE, anon="d1", user="ann"),
        event("Order Completed", 50 * MINUTE, user="ann", order_id="o", currency="CNY"),
        event("A", 60 * MINUTE, user="bob"),
    )
    found = await house.ask("SELECT session_id FROM events ORDER BY offset")
    assert found == [["1"], ["2"], ["2"], ["4"]]


@pytest.mark.parametrize(("days", "campaign"), [(7, "c2"), (8, "")])
async def test_an_order_owes_itself_to_the_last_ad_click_of_seven_days(
    house, days, campaign
) -> None:
    ad = {"decision_id": "x", "placement_id": "p", "sku": "s", "cost_minor": 35, "currency": "CNY"}
    await house.load(
        event("Ad Clicked", 0, anon="d", campaign_id="c1", **ad),
        event("Ad Clicked", 9, anon="d", campaign_id="c2", **ad),
        event(None, 20, anon="d", user="u", kind="identify"),
        event("Order Completed", 9 + days * DAY, user="u", order_id="o", currency="CNY",
              products=[{"sku": "s", "price_minor": 500, "quantity": 2}]),
    )  # fmt: skip
    assert await house.ask("SELECT campaign_id, amount_minor FROM order_lines") == [
        [campaign, 1000]
    ]
    assert await house.ask("SELECT sum(cost_minor) FROM events") == [[70]]


async def test_what_cannot_be_taken_is_kept_with_its_path_and_reason(house) -> None:
    await house.load(
        event("Order Completed", 1, user="u", order_id="o1", currency="GBP",
              products=[{"sku": "PADS", "price": 0.001, "quantity": 1}]),
        event("Order Completed", 2, user="u", order_id="o2", currency="GBP", products="none"),
        event("Order Refunded", 3, user="u", order_id="never-seen"),
        event("Order Completed", 4, user="u", order_id="o4", total=12.3, currency="XXX"),
        event("Order Completed", 5, user="u", order_id="o5", total=12.3, currency="GBP"),
        event("Order Completed", 6, user="u", order_id="o5", total=12.3, currency="GBP"),
        event("A", -T0 - 5, user="u"),
        b"not an envelope",
    )  # fmt: skip
    rows = await house.ask("SELECT offset, path, reason FROM unprocessed ORDER BY offset, path")
    assert rows == [
        [1, "properties.products[0].price", "does not fit whole minor units"],
        [2, "properties.products", "wrong type"],
        [3, "properties.order_id", "the order is not known and no amount is given"],
        [4, "currency", "no such currency; use ISO 4217"],
        [6, "properties.order_id", "completed before; not counted again"],
        [7, "timestamp", "outside 1970 to 2100"],
        [8, "", "unreadable envelope"],
    ]
    assert await house.ask("SELECT order_id, amount_minor FROM order_lines") == [["o5", 1230]]
    assert (await watermark(house.warehouse)).offset == 8


async def test_a_lost_state_file_is_made_anew_from_the_log(house) -> None:
    views = [event("A", number * MINUTE * 20, anon=f"d{number % 3}") for number in range(60)]
    await house.load(*views)
    before = await house.ask("SELECT * FROM sessions ORDER BY offset, closed")
    await house.loader.close()
    (house.folder / "process.sqlite").unlink()
    house.loader = house.new_loader()
    await house.load(event("A", 0, anon="new"))
    assert await house.ask("SELECT count(), uniqExact(offset) FROM events") == [[61, 61]]
    after = "SELECT * FROM sessions WHERE offset <= 60 ORDER BY offset, closed"
    assert await house.ask(after) == before


async def test_the_watermark_follows_the_log(house) -> None:
    await house.load()
    assert (await watermark(house.warehouse)).offset == 0
    await house.load(event("A", 50, user="u"), event("A", 10, user="u"))
    mark = await watermark(house.warehouse)
    assert (mark.offset, mark.timestamp_us, mark.received_at_us) == (2, T0 + 50, T0 + 55)


async def test_a_failing_warehouse_is_tried_again_and_nothing_is_skipped(house) -> None:
    await house.load(event("A", 1, anon="d"))
    insert, failures = house.warehouse.insert, [Unavailable(), Unavailable()]

    async def failing(table, rows):
        if table == "events" and failures:
            raise failures.pop()
        await insert(table, rows)

    house.warehouse.insert = failing
    house.loader._pace = Pace(poll_s=0.01, retry_s=0.01)
    stop = asyncio.Event()
    running = asyncio.create_task(house.loader.run(stop))
    await append(house.log, [event("A", 40 * MINUTE, anon="d")], 1)
    while house.loader.checkpoint.offset < 2:  # noqa: ASYNC110  # there is no event to wait for
        await asyncio.sleep(0.01)
    stop.set()
    await running
    assert await house.ask("SELECT offset, session_id FROM events ORDER BY offset") == [
        [1, "1"],
        [2, "2"],
    ]
    assert await house.ask("SELECT count() FROM sessions") == [[3]]
