"""The tables of webhooks: deliveries, the health of each receiver, how far the log was read."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from queqiao.ports.records.base import Microseconds, metadata

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("webhook_id", String(64), nullable=False),
    Column("event", String(200), nullable=False),
    Column("event_offset", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at_us", Microseconds, nullable=False),
    Column("response_status", Integer, nullable=True),
    Column("error", String(64), nullable=False),
    Column("created_at_us", Microseconds, nullable=False),
    Column("finished_at_us", Microseconds, nullable=True),
    Index(None, "status", "next_at_us"),
    Index(None, "webhook_id", "created_at_us"),
    Index(None, "event_offset"),
)
"""One message to one receiver. ``id`` is the ``webhook-id`` header and never changes."""

webhook_health = Table(
    "webhook_health",
    metadata,
    Column("webhook_id", String(64), primary_key=True),
    Column("failing_since_us", Microseconds, nullable=True),
)
"""Since when a receiver has answered nothing good; empty while it does."""

webhook_checkpoint = Table(
    "webhook_checkpoint",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("offset", BigInteger, nullable=False),
)
"""The last event of the log that was looked at; and, for each receiver that is live, where the log
ended when it was first seen to be: times are asked only of what lies before that."""
