"""One seed and one moment give one history, whatever the machine and its clock did meanwhile."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from bench.harness import running_system
from tests.system.things import admin, ask_warehouse, good
from tests.system.waiting import until

from queqiao.kernel.clock import parse_rfc3339

pytestmark = pytest.mark.system

ENDS = "2026-06-18T12:00:00Z"
LIVED = f"timestamp < fromUnixTimestamp64Micro({parse_rfc3339(ENDS)}, 'UTC')"
"""The store lives on after its history, by the clock: that part is not repeatable."""

OF_ACCOUNTS = "(message_id LIKE 'points-%' OR message_id LIKE 'tier-%')"
"""Ids of what moved on accounts of points are made from accounts' names, which each home draws by a
key of its own; that as many moved is among the events."""

OF_THE_CLOCK = "event = 'Points Taken Back'"
"""What has become available can be taken back, and that goes by the machine's clock: to it the
whole history lies in the past, so it depends on when the scheduler looks."""

FACTS = {
    "events": f"SELECT type, event, count() FROM events WHERE {LIVED} AND NOT {OF_THE_CLOCK}"
    " GROUP BY ALL ORDER BY ALL",
    "ads": f"SELECT campaign_id, creative_id, event, count(), sum(cost_minor) FROM events"
    f" WHERE {LIVED} AND event LIKE 'Ad %' GROUP BY ALL ORDER BY ALL",
    "messages": f"SELECT groupBitXor(cityHash64(message_id, timestamp, sku)) FROM events"
    f" WHERE {LIVED} AND NOT {OF_ACCOUNTS}",
    "recommended": f"SELECT groupBitXor(cityHash64(properties)) FROM events WHERE {LIVED}"
    " AND event = 'Recommendation Served'",
    "gross": "SELECT sum(amount_minor), uniqExact(order_id) FROM order_lines WHERE kind = 'sale'"
    f" AND {LIVED.replace('timestamp <', 'time <')}",
}


def history_of(home: Path, seed: int) -> dict[str, list[list[Any]]]:
    """Live a short history by the command; return what came of it."""
    options = ["--seed", str(seed), "--days", "2", "--until", ENDS]
    with running_system(options, "demo", home) as system, admin(system) as client:
        until(lambda: list((home / "store").glob("*.lived")), 240, 0.1)
        until(lambda: good(client.get("/api/v1/system"))["lag_events"] == 0, 60, 0.1)
        return {name: ask_warehouse(system, sql) for name, sql in FACTS.items()}


def test_two_lives_of_one_seed_are_one(tmp_path: Path) -> None:
    """Lived beside each other, so that each is disturbed by the other."""
    with ThreadPoolExecutor() as pool:
        first, second = pool.map(lambda name: history_of(tmp_path / name, 7), ("first", "second"))
    assert first == second
    named = {event: number for _, event, number in first["events"]}
    assert min(named[name] for name in ("Order Completed", "Ad Viewed", "Ad Clicked")) > 0
    assert first["gross"][0][0] > 0
