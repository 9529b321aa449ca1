"""After the kills: nothing acknowledged is lost, nothing counted twice, nothing overspent."""

import asyncio
from collections import Counter
from hashlib import blake2b
from pathlib import Path
from typing import Any

import httpx
from tests.system.closed_loop.figures import LOADED_WITHIN_S, Figures, by_minute, tables
from tests.system.closed_loop.stands import SOURCE, Stand, standing
from tests.system.closed_loop.traffic import RUSH_BUDGET_MINOR, RUSH_USES
from tests.system.closed_loop.witness import Witness
from tests.system.test_kill import doubled
from tests.system.things import admin, ask_warehouse, good
from tests.system.waiting import until

from queqiao.kernel.envelope import decode_envelope
from queqiao.ports.event_log.base import NewEvent, StoredEvent
from queqiao.wiring import adapters

PERIOD = {"from": "2031-01-01", "to": "2032-01-01"}
CHUNK = 1_000


def expect_all(stand: Stand, witness: Witness) -> None:
    """Compare what the system holds with what it acknowledged."""
    with admin(stand.system) as client:
        until(lambda: good(client.get("/api/v1/system"))["lag_events"] == 0, LOADED_WITHIN_S, 0.1)
        expect_events(stand, client, witness)
        expect_ads(client, witness)
        expect_coupons(client, witness)
        assert good(client.get("/api/v1/ledger/proof"))["balanced"]
    assert asyncio.run(doubled(stand.system)) == {}


def expect_events(stand: Stand, client: httpx.Client, witness: Witness) -> None:
    """Each acknowledged event is there once, and no other of the store's; so is the money."""
    sql = f"SELECT message_id FROM events WHERE source = '{SOURCE}'"
    there = Counter(row[0] for row in ask_warehouse(stand.system, sql))
    assert there == Counter({event["messageId"] for event in witness.events})
    named = Counter(event.get("event") for event in witness.events)
    assert _sum(client, "views") == named["Product Viewed"]
    assert _sum(client, "orders") == named["Order Completed"]
    assert _sum(client, "gross") == sum(_sold(event) for event in witness.events)
    assert -_sum(client, "credit_notes") == sum(
        event["properties"]["total_minor"]
        for event in witness.events
        if event.get("event") in {"Order Refunded", "Order Cancelled"}
    )


def _sold(event: dict[str, Any]) -> int:
    if event.get("event") != "Order Completed":
        return 0
    return sum(
        line["price_minor"] * line["quantity"] - line["discount_minor"]
        for line in event["properties"]["products"]
    )


def expect_ads(client: httpx.Client, witness: Witness) -> None:
    """Each click that was taken cost its price once, and no budget gave more than it had."""
    assert all(call.status < 500 for call in witness.made if call.path == "/t/")
    cost = sum(ad.price_minor for ad in witness.clicked)
    assert _sum(client, "impressions") == len(witness.seen)
    assert _sum(client, "clicks") == len(witness.clicked) > 0
    assert _sum(client, "cost") == cost
    counters = _counters(client, "ads:budget:")
    assert sum(one["spent"] for one in counters.values()) == cost
    (rush,) = (one for name, one in counters.items() if name.startswith("ads:budget:rush:"))
    assert rush["limit"] == RUSH_BUDGET_MINOR >= rush["spent"] + rush["leased"]


def expect_coupons(client: httpx.Client, witness: Witness) -> None:
    """Each code was used as often as somebody was told so."""
    used = Counter(code for code, _ in witness.redeemed)
    codes = {
        name.rpartition(":")[2]: one["spent"]
        for name, one in _counters(client, "coupon:").items()
        if ":code:" in name and one["spent"]
    }
    assert codes == used
    assert used["RUSH"] <= RUSH_USES


def _sum(client: httpx.Client, metric: str) -> int:
    asked = {"metrics": [metric], "dimensions": [], **PERIOD}
    rows = good(client.post("/api/v1/reports/query", json=asked))["rows"]
    return int(rows[0][0] or 0) if rows else 0


def _counters(client: httpx.Client, prefix: str) -> dict[str, dict[str, int]]:
    found = good(client.get("/api/v1/ledger/balances", params={"prefix": prefix}))["items"]
    assert len(found) < 1000
    return {one["counter"]: one for one in found}


def loaded(stand: Stand) -> Figures:
    """Return the reports and tables of a system, once all of its log is loaded."""
    with admin(stand.system) as client:
        until(lambda: good(client.get("/api/v1/system"))["lag_events"] == 0, LOADED_WITHIN_S, 0.1)
        return {**by_minute(client), **tables(stand)}


def loaded_again(stand: Stand, home: Path) -> Figures:
    """Return the same figures of an embedded system that is given the same log."""
    with standing(home, {}, workers=1) as fresh:
        asyncio.run(_copy(stand, fresh))
        return loaded(fresh)


async def _copy(stand: Stand, fresh: Stand) -> None:
    """Append the events of one log to another, which is empty, in their order."""
    reader, log = adapters.event_log_reader(stand.settings), adapters.event_log(fresh.settings)
    after = 0
    while events := reader.read(after, CHUNK):
        outcomes = await log.append([_new(event) for event in events])
        assert [one.offset for one in outcomes] == [event.offset for event in events]
        after = events[-1].offset
    assert after == reader.end()


def _new(event: StoredEvent) -> NewEvent:
    envelope = decode_envelope(event.body)
    fingerprint = blake2b(event.body, digest_size=8).digest()
    return NewEvent(envelope.source, envelope.message_id, event.body, fingerprint)
