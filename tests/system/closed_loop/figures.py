"""What a loop leaves behind, in a form that two loops of one seed have in common.

Left out, since they are of the run and not of the shop: offsets of the log (what happens at once
has no order), the machine's time at which papers were published, and what the home's own keys sign.
"""

import asyncio
import time
from typing import Any

import httpx
import msgspec
from tests.system.closed_loop.stands import Stand
from tests.system.closed_loop.traffic import BORN_US
from tests.system.things import admin, ask_warehouse, good
from tests.system.waiting import until

from queqiao.kernel.clock import DAY_US, HOUR_US, FixedClock, business_day, format_rfc3339
from queqiao.measure.catalogue import METRICS
from queqiao.measure.dimensions import DIMENSIONS
from queqiao.ports.profile_rows.base import ProfileRows
from queqiao.ports.records import artifacts
from queqiao.process.ddl import FACTS, TableSpec
from queqiao.profile import live_state
from queqiao.profile.live_reader import LiveReader, Told
from queqiao.profile.snapshots import TABLE as PROFILES
from queqiao.wiring import adapters
from queqiao.wiring.settings import Settings

Figures = dict[str, Any]

LOADED_WITHIN_S = 60
TOLD_WITHIN_S = 20.0
_PERIOD = {"from": format_rfc3339(BORN_US - DAY_US), "to": format_rfc3339(BORN_US + 2 * DAY_US)}


def figures_of(stand: Stand) -> Figures:
    """Return everything that is compared, once all is loaded."""
    with admin(stand.system) as client:
        until(lambda: good(client.get("/api/v1/system"))["lag_events"] == 0, LOADED_WITHIN_S, 0.1)
        return {
            **reports(client),
            **ledger(client),
            **tables(stand),
            **counted(stand),
            **lake(stand),
            **live_rows(stand),
        }


def reports(client: httpx.Client) -> Figures:
    """Return every metric by every dimension and by the minute; its refusal where it has none."""
    return by_minute(client) | {
        f"report {metric} by {name}": _report(client, {"metrics": [metric], "dimensions": [name]})
        for metric in METRICS
        for name in DIMENSIONS
    }


def by_minute(client: httpx.Client) -> Figures:
    """Return every metric by the minute."""
    return {
        f"report {metric} by minute": _report(
            client, {"metrics": [metric], "granularity": "minute"}
        )
        for metric in METRICS
    }


def _report(client: httpx.Client, asked: dict[str, Any]) -> Any:
    answer = client.post("/api/v1/reports/query", json=asked | _PERIOD | {"limit": 10_000})
    if answer.status_code == 400:  # a metric that has no such dimension
        return answer.json()["errors"]
    told = good(answer)
    return [told[name] for name in ("rows", "currency", "watermark")]


def ledger(client: httpx.Client) -> Figures:
    """Return every counter of budgets and coupons with its books, and that they balance."""
    found = {}
    for prefix in ("ads:", "coupon:", "promotion:"):
        counters = good(client.get("/api/v1/ledger/balances", params={"prefix": prefix}))["items"]
        assert len(counters) < 1000, "all of them are compared"
        found |= {f"ledger {one['counter']}": one for one in counters}
    proof = good(client.get("/api/v1/ledger/proof"))
    return found | {"ledger balanced": proof["balanced"], "ledger counters": proof["counters"]}


def tables(stand: Stand) -> Figures:
    """Return the rows of each table that is loaded, and a digest of each column with the key."""
    found: Figures = {}
    for table in FACTS:
        columns = _columns(table)
        rows, *digests = ask_warehouse(stand.system, _digests(table, columns))[0]
        found[f"table {table.name}"] = rows
        named = zip(columns, digests, strict=True)
        found |= {f"column {table.name}.{column}": digest for column, digest in named}
    return found


def _columns(table: TableSpec) -> list[str]:
    return sorted(set(table.columns) - {"offset"})


def _digests(table: TableSpec, columns: list[str]) -> str:
    """Return the question.

    Rows and sessions are named by offsets, people numbered by the order of their coming; here, each
    is named by the message id of its event, of its first one.
    """
    events = "SELECT offset AS at, toString(offset) AS named, message_id AS id FROM events"
    people = "SELECT person AS number, argMin(message_id, offset) AS id FROM events GROUP BY person"
    read = {"session_id": "first.id", "person": "someone.id"}
    digests = [
        f"hex(sum(toUInt128(cityHash64(own.id, {read.get(name, 'rows.' + name)}))))"
        for name in columns
    ]
    joined = f"LEFT JOIN ({events}) AS own ON own.at = rows.offset"
    if "session_id" in columns:
        joined += f" LEFT JOIN ({events}) AS first ON first.named = rows.session_id"
    if "person" in columns:
        joined += f" LEFT JOIN ({people}) AS someone ON someone.number = rows.person"
    return f"SELECT count(), {', '.join(digests)} FROM {table.name} AS rows {joined}"


def counted(stand: Stand) -> Figures:
    """Return what was counted for those who decide: segments, items, clicks."""
    records = adapters.records(stand.settings)
    try:
        names = records.read_now(lambda conn: artifacts.names(conn, ""))
        bodies = {
            name: records.read_now(lambda conn, name=name: artifacts.get(conn, name))
            for name in names
        }
    finally:
        records.close()
    return {f"counted {name}": found and found[1] for name, found in bodies.items()}


def lake(stand: Stand) -> Figures:
    """Return every profile of the day in the lake, and which days it has by the loop's time."""
    place = adapters.lake(stand.settings)
    today = f"day={business_day(BORN_US, stand.settings.shop.timezone)}"
    days = [day for day in place.partitions(PROFILES) if day >= today]
    profiles = [_profile(row) for row in place.read(PROFILES, today).to_pylist()]
    profiles.sort(key=lambda one: str(one["person_id"]))
    return {"lake days": days, f"lake {PROFILES} {today}": profiles}


def _profile(row: dict[str, Any]) -> dict[str, Any]:
    """Return a profile without the order of its lists, and shares to the twelfth digit.

    A share is a quotient of sums of fractions, which are added up in the order of the log.
    """
    shares = dict(zip(row.pop("categories"), row.pop("shares"), strict=True))
    traits = dict(zip(row.pop("trait_names"), row.pop("trait_values"), strict=True))
    rounded = {category: round(share, 12) for category, share in shares.items()}
    return row | {"shares": rounded, "traits": traits}


def live_rows(stand: Stand) -> Figures:
    """Return what is told of each person's last days, once the live rows hold all events."""
    (end, people), *_ = ask_warehouse(
        stand.system, "SELECT max(offset), arraySort(groupUniqArray(person_id)) FROM events"
    )
    told = asyncio.run(_told(stand.settings, end, [one for one in people if one]))
    assert {one.known for one in told.values()} >= {"known"}
    return {f"live {person}": msgspec.to_builtins(one) for person, one in told.items()}


async def _told(settings: Settings, end: int, people: list[str]) -> dict[str, Told]:
    rows, now_us = adapters.profile_rows(settings), BORN_US + HOUR_US
    reader = LiveReader(rows, FixedClock(now_us), settings.shop.timezone, TOLD_WITHIN_S)
    try:
        deadline = time.monotonic() + LOADED_WITHIN_S
        while not await _holds(rows, end):
            assert time.monotonic() < deadline, "the live rows lag"
            await asyncio.sleep(0.1)
        return {person: await reader.told([person], now_us) for person in people}
    finally:
        await rows.close()


async def _holds(rows: ProfileRows, end: int) -> bool:
    state = (await live_state.read(rows)).state
    return state.read is not None and state.read.offset >= end
