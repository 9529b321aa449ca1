"""The table of payments: money that advertisers paid in, and money that was paid back to them."""

from sqlalchemy import Column, Index, String, Table, Text

from queqiao.ports.records.base import Microseconds, metadata

payments = Table(
    "ad_payments",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("advertiser_id", String(128), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("amount", Microseconds, nullable=False),
    Column("reference", Text, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_at_us", Microseconds, nullable=False),
    Index(None, "advertiser_id", "created_at_us"),
    Index(None, "state"),
)
"""Written before the ledger moves the money, marked when it has. ``kind`` is one of ``payments``,
``state`` begun, done or refused; ``amount`` is above 0 whatever the kind."""
