"""The tables of coupons: who holds which code, how far each batch is given out, what is void."""

from sqlalchemy import Column, Index, Integer, String, Table, Text

from queqiao.ports.records.base import Microseconds, Serial, metadata

holdings = Table(
    "coupon_holdings",
    metadata,
    Column("batch_id", String(64), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("customer_id", String(200), nullable=False),
    Column("origin", String(16), nullable=False),
    Column("request_id", String(255), nullable=False),
    Column("issued_at_us", Microseconds, nullable=False),
    Column("expires_at_us", Microseconds, nullable=False),
    Index(None, "customer_id", "issued_at_us"),
    Index(None, "batch_id", "expires_at_us"),
    Index(None, "batch_id", "customer_id", "request_id", unique=True),
)
"""One row for each personal coupon that somebody has; ``number`` is the code's in its batch."""

issues = Table(
    "coupon_issues",
    metadata,
    Column("batch_id", String(64), primary_key=True),
    Column("next_number", Integer, nullable=False),
)
"""The first number of each personal batch that nobody has yet."""

voids = Table(
    "coupon_voids",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("batch_id", String(64), nullable=False, index=True),
    Column("first_number", Integer, nullable=False),
    Column("end_number", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at_us", Microseconds, nullable=False),
    Column("by", String(200), nullable=False),
    sqlite_autoincrement=True,
)
"""Codes that are void, from the first number to before the end; rows are only added."""

gifts = Table(
    "coupon_gifts",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("batch_id", String(64), nullable=False, index=True),
    Column("segment_id", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("total", Integer, nullable=False),
    Column("given", Integer, nullable=False),
    Column("reason", String(64), nullable=False),
    Column("created_at_us", Microseconds, nullable=False),
    Column("created_by", String(200), nullable=False),
    Column("finished_at_us", Microseconds, nullable=True),
)
"""Coupons given to all members of a segment, and how far each giving is."""
