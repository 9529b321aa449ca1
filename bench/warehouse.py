"""A shop's history of any size, written straight into the warehouse's tables by the engine.

Thirty days: visits of twelve events, a thousand at a time, of people who come back; views,
additions, ads with their cost, orders of two lines. What a loader would have written, without the
time it takes.
"""

from collections.abc import Mapping
from pathlib import Path

from queqiao.kernel.vocabulary import ADS_SOURCE
from queqiao.ports.warehouse.base import Limits
from queqiao.ports.warehouse.clickhouse import open_warehouse
from queqiao.process.contracts import create_tables
from queqiao.process.ddl import EVENTS, ORDER_LINES
from queqiao.process.rollups import Rollups

START_US = 1_790_000_000_000_000
DAYS = 30
DAY_US = 86_400_000_000
CHUNK = 1 << 20
_BYTES_MAX = 2_000_000_000
"""Memory of the engine while it writes a million rows at once; a loader writes fewer."""
ZONE = "Asia/Shanghai"

_EVENT = (
    "multiIf(k < 68, 'Product Viewed', k < 78, 'Product Added', k < 93, 'Ad Viewed',"
    " k < 95, 'Ad Clicked', k < 97, 'Order Completed', 'Products Searched')"
)
_IS_AD = "k >= 78 AND k < 95"
_PEOPLE_PER_EVENT = 30


def _event_columns(total: int, consent: str = "7") -> Mapping[str, str]:
    """Return the expression of each column over ``n`` (from 0), ``k``, ``v`` and ``p``."""
    step_us = DAYS * DAY_US // total
    at = f"fromUnixTimestamp64Micro(toInt64({START_US} + n * {step_us}), 'UTC')"
    return {
        "offset": "n + 1",
        "message_id": "lower(hex(reinterpretAsFixedString(generateUUIDv4(n))))",
        "source": f"if({_IS_AD}, '{ADS_SOURCE}', 'web')",
        "type": "'track'",
        "event": _EVENT,
        "anonymous_id": "concat('a-', lower(hex(p)))",
        "person_id": "concat('a-', lower(hex(p)))",
        "person": "p",
        "session_id": "toString(v)",
        "timestamp": at,
        "received_at": f"{at} + toIntervalMillisecond(800)",
        "channel": "['web', 'app', 'mini program', 'store', 'affiliate', ''][v % 6 + 1]",
        "sku": "concat('S-', toString(s))",
        "product_id": "toString(s)",
        "category": "concat('category ', toString(s % 40))",
        "campaign_id": f"if({_IS_AD}, concat('c', toString(s % 50)), '')",
        "currency": "'CNY'",
        "quantity": "1",
        "value_minor": "s * 7 % 90000",
        "cost_minor": f"if({_IS_AD}, 12, 0)",
        "properties": (
            'concat(\'{"product_id":"\', toString(s), \'","price":\', toString(s % 900),'
            ' \'.99,"currency":"CNY","quantity":1,"name":"goods \', toString(s), \'"}\')'
        ),
        "traits": "'{}'",
        "context": (
            'concat(\'{"page":{"path":"/p/\', toString(s), \'"},"locale":"zh-CN",'
            '"userAgent":"Mozilla/5.0 (X11; Linux x86_64)"}\')'
        ),
        "consent": consent,
        "device_class": "'desktop'",
        "browser": "'Firefox'",
        "country": "'CN'",
    }


def _inner(first: int, rows: int, total: int) -> str:
    people = max(total // _PEOPLE_PER_EVENT, 1)
    return (
        "SELECT n, n % 100 AS k, intDiv(n, 12000) * 12000 + n % 1000 + 1 AS v,"
        f" cityHash64(v) % {people} + 1 AS p, cityHash64(n, 1) % 5000 AS s"
        f" FROM (SELECT number + {first} AS n FROM numbers({rows}))"
    )


def _lines(first: int, rows: int, total: int, consent: str) -> str:
    at = _event_columns(total)["timestamp"]
    columns = {
        "offset": "n + 1", "line": "toUInt32(l)", "kind": "'sale'",
        "order_id": "concat('o', toString(n))", "time": at,
        "person_id": "concat('a-', lower(hex(p)))", "session_id": "toString(v)",
        "source": "'web'", "channel": _event_columns(total)["channel"],
        "sku": "concat('S-', toString(s))", "category": "concat('category ', toString(s % 40))",
        "quantity": "1", "list_minor": "1000 + s", "discount_minor": "s % 50",
        "amount_minor": "1000 + s - s % 50", "currency": "'CNY'",
        "campaign_id": "if(s % 9 = 0, concat('c', toString(s % 50)), '')", "consent": consent,
    }  # fmt: skip
    chosen = ", ".join(f"{value} AS {name}" for name, value in columns.items())
    return (
        f"INSERT INTO {ORDER_LINES.name} ({', '.join(columns)}) SELECT {chosen}"
        f" FROM ({_inner(first, rows, total)}) ARRAY JOIN [0, 1] AS l WHERE k IN (95, 96)"
    )


async def fill(folder: Path, total: int, consent: str = "7") -> None:
    """Write ``total`` events with their order lines and rollups.

    ``consent`` is an expression of the person's number ``p``; 7 is all purposes.
    """
    warehouse = open_warehouse(f"chdb://{folder}", Limits(engine_bytes_max=_BYTES_MAX))
    await create_tables(warehouse)
    rollups = Rollups(warehouse, ZONE)
    await rollups.open()
    columns = _event_columns(total, consent)
    assert set(columns) <= set(EVENTS.columns)
    chosen = ", ".join(f"{value} AS {name}" for name, value in columns.items())
    for first in range(0, total, CHUNK):
        rows = min(CHUNK, total - first)
        await warehouse.command(
            f"INSERT INTO events ({', '.join(columns)}) SELECT {chosen}"
            f" FROM ({_inner(first, rows, total)})"
        )
        await warehouse.command(_lines(first, rows, total, consent))
        while await rollups.advance(first + rows):
            pass
    last = START_US + DAYS * DAY_US
    await warehouse.command(
        f"INSERT INTO watermark SELECT 'events', {total}, fromUnixTimestamp64Micro({last}, 'UTC'),"
        f" fromUnixTimestamp64Micro({last}, 'UTC')"
    )
    warehouse.close()
