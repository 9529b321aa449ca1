"""The tables of cards: those that were sold, and every movement that puts money on one."""

from sqlalchemy import Column, Index, Integer, String, Table, Text

from queqiao.ports.records.base import Microseconds, metadata

cards = Table(
    "cards",
    metadata,
    Column("product_id", String(64), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("state", String(16), nullable=False),
    Column("customer_id", String(200), nullable=False),
    Column("activated_at_us", Microseconds, nullable=False),
    Column("expires_at_us", Microseconds, nullable=False),
    Column("written_off", Integer, nullable=False),
    Column("void_reason", Text, nullable=False),
    Index(None, "written_off", "expires_at_us"),
)
"""One row for each card that was activated. ``written_off`` is 1 once nothing is left on a card
that is void or has expired."""

moves = Table(
    "card_moves",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("product_id", String(64), nullable=False),
    Column("number", Integer, nullable=False),
    Column("from_product_id", String(64), nullable=False),
    Column("from_number", Integer, nullable=False),
    Column("amount", Microseconds, nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_at_us", Microseconds, nullable=False),
    Index(None, "product_id", "number"),
    Index(None, "from_product_id", "from_number"),
    Index(None, "state"),
)
"""Money on its way to a card: written before the ledger moves it, marked when it has. ``kind`` is
activate, top_up or transfer; only a transfer comes from a card."""
