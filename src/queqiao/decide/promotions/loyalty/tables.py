"""The tables of points: accounts, every movement on them, and adjustments that wait."""

from sqlalchemy import Column, Index, Integer, String, Table, Text

from queqiao.ports.records.base import Microseconds, metadata

accounts = Table(
    "points_accounts",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("programme_id", String(64), nullable=False),
    Column("customer_id", String(200), nullable=False),
    Column("opened_at_us", Microseconds, nullable=False),
    Column("moves", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("first_move", Integer, nullable=False),
    Column("debt", Microseconds, nullable=False),
    Column("repaying", Microseconds, nullable=False),
    Column("repayments", Integer, nullable=False),
    Column("score", Microseconds, nullable=False),
    Column("tier", String(200), nullable=False),
    Column("due_us", Microseconds, nullable=False),
    Index(None, "programme_id", "customer_id"),
    Index(None, "customer_id"),
    Index(None, "due_us"),
)
"""``moves`` is the number of the last movement, ``first_move`` that of the first which its customer
may see; ``version`` grows with each change. ``repaying`` of the ``debt`` is on its way. An erased
customer's account has an empty ``customer_id``. ``due_us``: when the clock next changes it."""

moves = Table(
    "points_moves",
    metadata,
    Column("account_id", String(32), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("id", String(32), nullable=False),
    Column("programme_id", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("amount", Microseconds, nullable=False),
    Column("spend_minor", Microseconds, nullable=False),
    Column("order_id", String(200), nullable=False),
    Column("redemption_id", String(32), nullable=False),
    Column("at_us", Microseconds, nullable=False),
    Column("day", String(10), nullable=False),
    Column("available_at_us", Microseconds, nullable=False),
    Column("expires_at_us", Microseconds, nullable=False),
    Column("state", String(16), nullable=False),
    Column("lot", Microseconds, nullable=False),
    Column("reason", Text, nullable=False),
    Column("actor", String(200), nullable=False),
    Index(None, "id", unique=True),
    Index(None, "account_id", "state"),
    Index(None, "account_id", "lot"),
    Index(None, "redemption_id"),
    Index(None, "programme_id", "day"),
)
"""``amount`` is above 0 where points come. ``state``: ``pending`` until ``available_at_us``,
``begun`` before the ledger has done it, then ``done`` or ``refused``. ``lot``: how many points
came, less what was taken back of them before they could be used; 0 once they have expired.
``spend_minor`` is what the order cost, for the tier."""

asked = Table(
    "points_asked",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("programme_id", String(64), nullable=False),
    Column("customer_id", String(200), nullable=False),
    Column("points", Microseconds, nullable=False),
    Column("reason", Text, nullable=False),
    Column("request_id", String(200), nullable=False),
    Column("actor", String(200), nullable=False),
    Column("expires_at_us", Microseconds, nullable=False),
    Index(None, "programme_id", "expires_at_us"),
    Index(None, "customer_id"),
)
"""Adjustments above the day's bound of who asked (``actor``): they wait for a second person. The
``id`` is that of the movement that comes of one."""
