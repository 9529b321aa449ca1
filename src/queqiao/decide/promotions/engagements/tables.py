"""The tables of engagements: what was begun, and each step towards it."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from queqiao.ports.records.base import Microseconds, metadata

engagements = Table(
    "engagements",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("promotion_id", String(64), nullable=False),
    Column("customer_id", String(200), nullable=False),
    Column("rules", Text, nullable=False),
    Column("price_minor", Microseconds, nullable=False),
    Column("seed", String(32), nullable=False),
    Column("steps", Integer, nullable=False),
    Column("started_at_us", Microseconds, nullable=False),
    Column("expires_at_us", Microseconds, nullable=False),
    Column("told_at_us", Microseconds, nullable=True),
    Index(None, "promotion_id", "customer_id"),
    Index(None, "told_at_us", "expires_at_us"),
)
"""``rules`` is the mechanic as it was when it was begun; ``steps`` counts who has joined or cut."""

steps = Table(
    "engagement_steps",
    metadata,
    Column("engagement_id", String(32), ForeignKey("engagements.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("customer_id", String(200), nullable=False),
    Column("amount_minor", Microseconds, nullable=False),
    Column("at_us", Microseconds, nullable=False),
    Index(None, "engagement_id", "customer_id", unique=True),
    Index(None, "customer_id"),
)
"""Who took which seat of a group or cut how much of a price; number 1 is the first."""
