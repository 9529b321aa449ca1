"""A seeded shop whose events come late, out of order and twice; and the questions about it."""

import random
from typing import Any

import msgspec

from queqiao.kernel import json as kernel_json
from queqiao.kernel.envelope import Envelope, encode_envelope
from queqiao.kernel.vocabulary import ADS_SOURCE
from queqiao.measure.contracts import ReportQuery
from queqiao.measure.query import report
from queqiao.ports.event_log.base import NewEvent
from queqiao.ports.event_log.embedded import EmbeddedEventLog
from queqiao.ports.warehouse.base import Warehouse

START_US = 1_781_000_000_000_000
MINUTE_US = 60_000_000
KINDS = [
    "Product Viewed", "Product Viewed", "Product Added", "Ad Viewed", "Ad Clicked",
    "Order Completed", "Order Refunded", "Ad Click Refunded",
]  # fmt: skip


def happening(chance: random.Random, number: int) -> Envelope:
    """Return the number-th event: most of now, some of hours or days ago."""
    now_us = START_US + number * MINUTE_US * 7
    late_us = chance.choice([0, 0, 0, 0, 40, 200, 3_000]) * MINUTE_US
    name = chance.choice(KINDS)
    order = f"o{chance.randrange(1 + number // 8)}"
    product = {
        "sku": f"s{chance.randrange(4)}", "price_minor": chance.randrange(1, 900),
        "currency": "CNY", "category": chance.choice(["tea", "cup"]),
    }  # fmt: skip
    ad = {"campaign_id": f"c{chance.randrange(3)}", "cost_minor": chance.randrange(5)}
    properties: dict[str, Any] = product | (ad if name.startswith("Ad") else {})
    if name.startswith("Order"):
        properties = {"order_id": order, "products": [product | {"quantity": 2}]}
    device = f"d{chance.randrange(12)}"
    return Envelope(
        message_id=f"m{number}",
        type="track",
        event=name,
        anonymous_id=device,
        user_id=f"user-{device}" if chance.random() < 0.15 else None,
        timestamp_us=now_us - late_us + chance.randrange(MINUTE_US),
        received_at_us=now_us + MINUTE_US,
        source=ADS_SOURCE if name.startswith("Ad") and chance.random() < 0.8 else "web",
        context=msgspec.Raw(msgspec.json.encode({"channel": chance.choice(["app", "web", ""])})),
        properties=msgspec.Raw(msgspec.json.encode(properties)),
    )


async def append(log: EmbeddedEventLog, envelopes: list[Envelope]) -> None:
    """Append them, some of them twice: the log keeps one of each."""
    new = [
        NewEvent(
            one.source, one.message_id, encode_envelope(one), one.message_id.rjust(8)[:8].encode()
        )
        for one in envelopes
    ]
    await log.append(new)
    await log.append(new[::3])


METRICS = [
    "orders", "gmv", "net", "units", "views", "adds", "sessions", "visitors", "impressions",
    "clicks", "ctr", "cost", "cpc", "conversions", "revenue_attributed",
]  # fmt: skip
DAY_US = 86_400_000_000
ZONES = ["Asia/Shanghai", "Asia/Shanghai", "UTC", "America/New_York", "Asia/Kolkata"]


def question(chance: random.Random) -> dict[str, Any]:
    """Return a question, of any shape that the catalogue allows."""
    metrics = chance.sample(METRICS, chance.randrange(1, 4))
    known = ["campaign", "channel", "product", "category", "currency", "source", "coupon"]
    asked: dict[str, Any] = {
        "metrics": metrics,
        "dimensions": chance.sample(known, chance.choice([0, 0, 1, 1, 2])),
        "timezone": chance.choice(ZONES),
        "granularity": chance.choice([None, None, "minute", "hour", "day", "week"]),
        "limit": 10_000,
    }
    if chance.random() < 0.5:
        value = chance.choice(["app", "c1", "s2", "tea", "web"])
        op = chance.choice(["eq", "ne", "contains"])
        asked["filters"] = [{"dimension": chance.choice(known), "op": op, "value": value}]
    if chance.random() < 0.6:
        asked |= _period(chance)
    return asked


def _period(chance: random.Random) -> dict[str, Any]:
    period = chance.choice(
        [
            ("2026-06-09", "2026-06-12"),
            ("2026-06-09T03:00:00Z", "2026-06-12T07:00:00Z"),
            ("2026-06-09T03:10:00Z", "2026-06-12T07:11:00Z"),
            ("2026-06-09T03:10:05Z", "2026-06-12T07:11:09Z"),
        ]
    )
    compared = {"compare": "previous_period"} if chance.random() < 0.3 else {}
    return {"from": period[0], "to": period[1], **compared}


async def answer(warehouse: Warehouse, asked: dict[str, Any], as_of: int | None = None) -> bytes:
    """Return the bytes of the report, or of why there is none."""
    query = msgspec.convert(asked | {"as_of": as_of}, ReportQuery)
    return kernel_json.encode(await report(warehouse, query))
