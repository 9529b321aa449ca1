"""The tables of the warehouse: their columns once, for the DDL and for the Arrow that fills them.

No table is partitioned: a partition per month would let one event with a wrong clock open a part
per month of its past, and an insert into several partitions is not seen as one.
"""

import re
from collections.abc import Mapping
from hashlib import blake2b
from types import MappingProxyType
from typing import NamedTuple

import pyarrow as pa

from queqiao.ports.warehouse.base import Warehouse

# ZSTD, since ids are most of an event's bytes; hexadecimal ones take half with it.
_TEXT = ("String CODEC(ZSTD(1))", pa.string())
_ID = ("String CODEC(ZSTD(3))", pa.string())
_WORD = ("LowCardinality(String) CODEC(ZSTD(1))", pa.string())
_JSON = ("String CODEC(ZSTD(3))", pa.binary())
_OFFSET = ("UInt64 CODEC(Delta(8), ZSTD(3))", pa.uint64())
_COUNT = ("UInt64 CODEC(ZSTD(1))", pa.uint64())
_NUMBER = ("UInt64 CODEC(T64('bit'), ZSTD(1))", pa.uint64())
_AMOUNT = ("Int64 CODEC(T64, ZSTD(1))", pa.int64())
_TIME = ("DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1))", pa.timestamp("us", tz="UTC"))
_MOMENT = ("DateTime64(6, 'UTC') CODEC(T64('bit'), ZSTD(1))", _TIME[1])
_AMOUNTS = ("Array(Int64)", pa.list_(pa.int64()))
_TEXTS = ("Array(String)", pa.list_(pa.string()))
_SMALL = ("UInt32 CODEC(ZSTD(1))", pa.uint32())
_CONSENT = ("UInt8 DEFAULT 7", pa.uint8())
"""A mask of purposes (see ``consent.py``). Rows from before it was asked for allow everything."""

_RANGE, _SOME = "minmax GRANULARITY 1", "bloom_filter GRANULARITY 4"
"""What helps to skip: ranges of what grows with the order on disk, and single values of ids."""

_LEAN = (
    "max_compress_block_size = 131072, min_compress_block_size = 65536,"
    " vertical_merge_algorithm_min_rows_to_activate = 1,"
    " vertical_merge_algorithm_min_columns_to_activate = 2,"
    " min_bytes_for_wide_part = 33554432"
)
"""Parts are merged a column at a time, in small blocks: sixty columns at once, with the engine's
own megabyte for each, do not fit into the memory of one role. What an insert writes is one file for
all columns, not two for each: measured, a quarter less CPU an event, and one file to sync."""

_LONG = "max_compress_block_size = 2097152, min_compress_block_size = 1048576"
"""Blocks of the few columns of long texts: what repeats lies further apart in them."""


_INDEX = re.compile(r" INDEX (\w+) ")


class TableSpec(NamedTuple):
    """One table: columns with their types on both sides, order on disk, and the key of a row.

    ``key`` names the columns that tell one row from another; with it the loader knows after a crash
    what is already there. ``long`` names the columns of long texts.
    """

    name: str
    columns: dict[str, tuple[str, pa.DataType]]
    order_by: str
    key: tuple[str, ...] = ("offset",)
    indexes: Mapping[str, str] = MappingProxyType({})
    engine: str = "MergeTree"
    long: tuple[str, ...] = ()

    def named(self, prefix: str) -> "TableSpec":
        """Return the same table of a set whose names begin with ``prefix``."""
        return self._replace(name=prefix + self.name)

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema of an insert."""
        return pa.schema([(name, kinds[1]) for name, kinds in self.columns.items()])

    @property
    def create(self) -> str:
        """The statement that makes the table where it is not there."""
        parts = [self._column(name) for name in self.columns]
        parts += [f"INDEX {name} {name} TYPE {kind}" for name, kind in self.indexes.items()]
        return (
            f"CREATE TABLE IF NOT EXISTS {self.name} ({', '.join(parts)}) ENGINE = {self.engine}"
            f" ORDER BY {self.order_by} SETTINGS fsync_after_insert = 1, fsync_part_directory = 1,"
            f" {_LEAN}"
        )

    def _column(self, name: str) -> str:
        settings = f" SETTINGS ({_LONG})" if name in self.long else ""
        return f"{name} {self.columns[name][0]}{settings}"

    @property
    def structure(self) -> str:
        """The columns as a table function takes them that reads files."""
        return ", ".join(f"{name} {kinds[0]}" for name, kinds in self.columns.items())

    def mend(self, said: str) -> list[str]:
        """The statements that make a table of an earlier version this one; none when it is.

        ``said`` is the engine's own description of the table. Parts on disk follow when they are
        merged; only a column of another type is written anew at once.
        """
        plain = said.replace("`", "").replace("(", "( ", 1)
        steps = [
            f"{'MODIFY' if f' {name} ' in plain else 'ADD'} COLUMN {self._column(name)}"
            for name in self.columns
            if f" {self._column(name)}" not in plain
        ]
        steps += [
            f"DROP INDEX {name}" for name in _INDEX.findall(plain) if name not in self.indexes
        ]
        found = [", ".join(steps)] if steps else []
        if any(one not in plain for one in _LEAN.split(", ")):
            found.append(f"MODIFY SETTING {_LEAN}")
        return [f"ALTER TABLE {self.name} {one}" for one in found]


EVENTS = TableSpec(
    "events",
    {
        "offset": _OFFSET, "message_id": _TEXT, "source": _WORD, "type": _WORD, "event": _WORD,
        "anonymous_id": _ID, "user_id": _ID, "person_id": _ID, "person": _NUMBER,
        "session_id": _ID, "timestamp": _TIME, "received_at": _MOMENT, "channel": _WORD,
        "sku": _WORD, "product_id": _WORD, "category": _WORD, "order_id": _TEXT,
        "campaign_id": _TEXT,
        "creative_id": _TEXT, "placement_id": _WORD, "decision_id": _TEXT, "promotion_id": _TEXT,
        "coupon": _TEXT, "currency": _WORD, "quantity": _AMOUNT, "value_minor": _AMOUNT,
        "cost_minor": _AMOUNT, "properties": _JSON, "traits": _JSON, "context": _JSON,
        "consent": _CONSENT, "clock_skew_us": _AMOUNT, "device_class": _WORD, "browser": _WORD,
        "browser_version": _WORD, "os": _WORD, "os_version": _WORD,
        "is_bot": ("UInt8", pa.uint8()), "ip": _TEXT, "country": _WORD, "region": _WORD,
        "city": _WORD, "referrer_domain": _WORD, "traffic_channel": _WORD,
        "traffic_source": _WORD, "utm_source": _WORD, "utm_medium": _WORD, "utm_campaign": _WORD,
        "utm_term": _TEXT, "utm_content": _TEXT, "click_id": _WORD, "schema_fault": _WORD,
        "schema_version": _SMALL, "brand": _WORD, "variant": _TEXT, "position": _AMOUNT,
        "list_id": _TEXT, "cart_id": _TEXT, "query": _TEXT, "reason": _WORD,
        "subtotal_minor": _AMOUNT, "discount_minor": _AMOUNT, "shipping_minor": _AMOUNT,
        "tax_minor": _AMOUNT, "attributed_by": _WORD,
    },
    order_by="(event, timestamp, offset)",
    indexes={
        "offset": _RANGE, "received_at": _RANGE, "person_id": _SOME, "anonymous_id": _SOME,
    },
    long=("properties", "traits", "context"),
)  # fmt: skip

ORDER_LINES = TableSpec(
    "order_lines",
    {
        "offset": _OFFSET, "line": ("UInt32", pa.uint32()), "kind": _WORD, "order_id": _TEXT,
        "time": _TIME, "person_id": _TEXT, "user_id": _TEXT, "anonymous_id": _TEXT,
        "session_id": _TEXT, "source": _WORD, "channel": _WORD, "sku": _TEXT, "product_id": _TEXT,
        "category": _WORD, "quantity": _AMOUNT, "list_minor": _AMOUNT, "discount_minor": _AMOUNT,
        "amount_minor": _AMOUNT, "currency": _WORD, "campaign_id": _TEXT, "decision_id": _TEXT,
        "promotion_ids": _TEXTS, "coupon": _TEXT, "consent": _CONSENT, "attributed_by": _WORD,
        "attribution_age_s": _AMOUNT,
    },
    order_by="(time, offset, line)",
    key=("offset", "line"),
    indexes={"offset": _RANGE, "order_id": _SOME, "person_id": _SOME},
)  # fmt: skip

PROMOTION_USES = TableSpec(
    "promotion_uses",
    {
        "offset": _OFFSET, "kind": _WORD, "promotion_id": _WORD, "order_id": _TEXT,
        "redemption_id": _TEXT, "time": _TIME, "person_id": _TEXT, "person": _NUMBER,
        "is_named": ("UInt8", pa.uint8()), "currency": _WORD, "uses": _AMOUNT,
        "discount_minor": _AMOUNT, "platform_minor": _AMOUNT, "shop_minor": _AMOUNT,
        "brand_minor": _AMOUNT, "coupon": _TEXT, "batch_id": _WORD, "consent": _CONSENT,
    },
    order_by="(promotion_id, time, offset)",
    indexes={"offset": _RANGE, "order_id": _SOME, "person_id": _SOME},
)  # fmt: skip
"""What each promotion gave to each order, and what came back of it; see ``promotion_rows.py``."""

PROMOTION_EXPOSURES = TableSpec(
    "promotion_exposures",
    {
        "offset": _OFFSET, "promotion_id": _WORD, "arm": _WORD, "time": _TIME, "person_id": _TEXT,
        "person": _NUMBER, "consent": _CONSENT,
    },
    order_by="(promotion_id, time, offset)",
    indexes={"offset": _RANGE, "person_id": _SOME},
)  # fmt: skip
"""Who came under which promotion, and on which side of its holdback."""

IDENTITIES = TableSpec(
    "identities",
    {"offset": _OFFSET, "anonymous_id": _TEXT, "user_id": _TEXT, "at": _TIME},
    order_by="(anonymous_id, offset)",
)

SESSIONS = TableSpec(
    "sessions",
    {
        "offset": _OFFSET, "session_id": _TEXT, "person_id": _TEXT, "started_at": _TIME,
        "ended_at": _TIME, "events": _COUNT, "channel": _WORD, "closed": ("UInt8", pa.uint8()),
    },
    order_by="(started_at, session_id, offset)",
    key=("offset", "session_id"),
)  # fmt: skip

STITCHES = TableSpec(
    "stitches",
    {
        "offset": _OFFSET, "person_id": _TEXT, "person": _COUNT, "into_id": _TEXT, "into": _COUNT,
        "reason": _WORD, "at": _TIME,
    },
    order_by="offset",
    key=("offset", "person_id"),
)  # fmt: skip
"""From its offset on a person is another one, or themselves again; see ``stitching.py``."""

CORRECTIONS = TableSpec(
    "corrections",
    {
        "offset": _OFFSET, "grain": _WORD, "event": _WORD, "timestamp": _TIME,
        "received_at": _TIME, "currency": _WORD, "metrics": _TEXTS, "amounts": _AMOUNTS,
    },
    order_by="(timestamp, offset)",
)  # fmt: skip
"""Late events that moved a closed bucket; see ``corrections.py``."""

LATE_ROWS = TableSpec(
    "late_rows",
    {"transform": _WORD, **CORRECTIONS.columns},
    order_by="(transform, timestamp, offset)",
    key=("transform", "offset"),
)
"""What windows of transforms called too late; see ``late_rows.py``. It is not the loader's."""

UNPROCESSED = TableSpec(
    "unprocessed",
    {
        "offset": _OFFSET, "path": _TEXT, "message_id": _TEXT, "event": _WORD, "order_id": _TEXT,
        "received_at": _TIME, "reason": _TEXT,
    },
    order_by="(offset, path)",
    key=("offset", "path"),
)  # fmt: skip

_MAX_TIME = ("SimpleAggregateFunction(max, DateTime64(6, 'UTC'))", _TIME[1])

WATERMARK = TableSpec(
    "watermark",
    {
        "name": _TEXT,
        "offset": ("SimpleAggregateFunction(max, UInt64)", pa.uint64()),
        "timestamp": _MAX_TIME,
        "received_at": _MAX_TIME,
    },
    order_by="name",
    key=("name",),
    engine="AggregatingMergeTree",
)
"""How far the other tables are loaded. Written last, read with ``max``: always whole offsets."""

TIER = TableSpec(
    "tier",
    {"first": _COUNT, "last": _COUNT, "rows": _COUNT, "bytes": _COUNT, "digest": _COUNT},
    order_by="first",
    key=("first",),
)
"""The blocks of old events that lie in the lake; see ``tier.py``."""

HISTORY = "history"
"""The view of all events, the old ones of the lake with those of the table ``events``."""


def history(border: int = 0, tiered: str = "") -> tuple[str, str]:
    """Return the statement that makes the view, and the comment that it gives it.

    ``tiered`` is a table function that reads the events up to ``border``. Their rows that are in
    the table still are not seen, so the border moves in one step. ``block_last`` is the last offset
    of a row's file (of a row in the table: its own): who wants later offsets only asks for it too,
    and the engine does not open the files before. Never ask for it alone: an engine that is to read
    no column of a file at all aborts.
    """
    columns = ", ".join(EVENTS.columns)
    chosen = f"SELECT {columns}, offset AS block_last FROM {EVENTS.name}"  # noqa: S608  # our own names
    if tiered:
        last = "toUInt64(extract(_path, '-([0-9]+)/[^/]+$'))"
        rows = f"SELECT {columns}, {last} AS block_last FROM {tiered}"  # noqa: S608  # likewise
        chosen += f" WHERE offset > {border} UNION ALL {rows}"
    stamp = blake2b((chosen + EVENTS.structure).encode(), digest_size=16).hexdigest()
    return f"CREATE OR REPLACE VIEW {HISTORY} AS {chosen} COMMENT '{stamp}'", stamp


FACTS = (
    UNPROCESSED, CORRECTIONS, IDENTITIES, STITCHES, SESSIONS, PROMOTION_USES, PROMOTION_EXPOSURES,
    ORDER_LINES, EVENTS,
)  # fmt: skip
"""The tables that the loader fills from events, in the order in which it fills them."""


async def create_tables(warehouse: Warehouse, prefix: str = "") -> None:
    """Make every table, column and codec that is not there yet; ``prefix`` stands before names.

    A table that is as it should be is left alone: to alter one writes its description anew, and on
    a full disk, where the loader opens again and again, the engine loses it.
    """
    held = await warehouse.query(
        "SELECT name, create_table_query FROM system.tables WHERE database = currentDatabase()"
    )
    known: dict[str, str] = dict(held.rows)
    for one in (*FACTS, WATERMARK, TIER, *(() if prefix else (LATE_ROWS,))):
        table = one.named(prefix)
        if table.name not in known:
            await warehouse.command(table.create)
        else:
            for statement in table.mend(known[table.name]):
                await warehouse.command(statement)
    if not prefix and HISTORY not in known:
        await warehouse.command(history()[0])
