"""The tables of referrals: members with their codes, and who came by them."""

from sqlalchemy import Column, Index, Integer, String, Table

from queqiao.ports.records.base import Microseconds, metadata

members = Table(
    "referral_members",
    metadata,
    Column("programme_id", String(64), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("customer_id", String(200), nullable=False),
    Column("joined_at_us", Microseconds, nullable=False),
    Column("device", String(32), nullable=False),
    Column("address", String(32), nullable=False),
    Index(None, "programme_id", "customer_id"),
    Index(None, "customer_id"),
)
"""A member's ``number`` makes the code. ``device`` and ``address`` are keyed digests of those from
which the code was last asked for. An erased member has an empty ``customer_id``."""

referrals = Table(
    "referrals",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("programme_id", String(64), nullable=False),
    Column("number", Integer, nullable=False),
    Column("newcomer_id", String(200), nullable=False),
    Column("state", String(16), nullable=False),
    Column("signal", String(32), nullable=False),
    Column("accepted_at_us", Microseconds, nullable=False),
    Column("ends_us", Microseconds, nullable=False),
    Column("device", String(32), nullable=False),
    Column("address", String(32), nullable=False),
    Column("redemption_id", String(32), nullable=False),
    Column("due_us", Microseconds, nullable=False),
    Column("reward_of", String(64), nullable=False),
    Column("reward_type", String(16), nullable=False),
    Column("reward_amount", Microseconds, nullable=False),
    Column("rewarded_at_us", Microseconds, nullable=False),
    Index(None, "programme_id", "number"),
    Index(None, "programme_id", "accepted_at_us"),
    Index(None, "newcomer_id"),
    Index(None, "redemption_id"),
    Index(None, "state", "due_us"),
    Index(None, "programme_id", "device"),
    Index(None, "programme_id", "address", "accepted_at_us"),
)
"""A newcomer by a member's code. ``signal``: why it was refused. ``reward_of``: the programme or
batch that the reward was of, and ``reward_amount`` how much, of a coupon its number."""
