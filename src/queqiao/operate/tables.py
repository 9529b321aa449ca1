"""The tables of operators: people, sessions, tokens and keys; scheduled changes and approvals.

Secrets are never stored: passwords as argon2 hashes, tokens and keys as SHA-256 (they are random
and long, so a slow hash would add nothing).
"""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, false

from queqiao.ports.records.base import Microseconds, Serial, metadata

users = Table(
    "users",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("email", String(254), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("role", String(16), nullable=False),
    Column("password_hash", String(200), nullable=True),
    Column("disabled", Boolean, nullable=False),
    Column("created_at_us", Microseconds, nullable=False),
)
"""People. ``email`` is in lower case; without a password only a one-time token lets them in."""

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("user_id", String(64), ForeignKey("users.id"), nullable=False),
    Column("created_at_us", Microseconds, nullable=False),
    Column("expires_at_us", Microseconds, nullable=False),
    Column("address", String(64), nullable=False),
    Index(None, "user_id"),
)
"""Who is signed in; a row is deleted at sign-out."""

one_time_tokens = Table(
    "one_time_tokens",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("user_id", String(64), ForeignKey("users.id"), nullable=False),
    Column("expires_at_us", Microseconds, nullable=False),
)
"""Sign-ins that work once; a row is deleted by its use."""

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("scope", String(16), nullable=False),
    Column("source", String(64), nullable=False),
    Column("secret_hash", String(64), nullable=False, unique=True),
    Column("hint", String(16), nullable=False),
    Column("created_at_us", Microseconds, nullable=False),
    Column("created_by", String(200), nullable=False),
    Column("revoked_at_us", Microseconds, nullable=True),
    Column("trusted", Boolean, nullable=False, server_default=false()),
    Column("trust_changed_at_us", Microseconds, nullable=True),
)
"""Keys of programs. ``hint`` is the end of the secret, to tell keys apart.

``trusted``: a server of the shop holds it, so what it tells may decide prices. All keys of one
source say the same. ``trust_changed_at_us`` is when that was said anew.
"""

scheduled_changes = Table(
    "scheduled_changes",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("kind", String(64), nullable=False),
    Column("document_id", String(64), nullable=False),
    Column("action", String(32), nullable=False),
    Column("at_us", Microseconds, nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("actor_id", String(200), nullable=False),
    Column("actor_name", String(200), nullable=False),
    Column("created_at_us", Microseconds, nullable=False),
    Column("ended_at_us", Microseconds, nullable=True),
    Column("fault", Text, nullable=False),
    Index(None, "state", "at_us"),
    Index(None, "kind", "document_id"),
    sqlite_autoincrement=True,
)
"""Publishing, pausing and archiving at a time to come: pending, done, failed or cancelled."""

approvals = Table(
    "approvals",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("action", String(32), nullable=False),
    Column("target_kind", String(64), nullable=False),
    Column("target_id", String(200), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("dangers", Text, nullable=False),
    Column("actor_id", String(200), nullable=False),
    Column("actor_name", String(200), nullable=False),
    Column("asked_at_us", Microseconds, nullable=False),
    Column("expires_at_us", Microseconds, nullable=False),
    Column("decided_by", String(200), nullable=False),
    Column("decided_at_us", Microseconds, nullable=True),
    Column("decision", Text, nullable=False),
    Index(None, "state", "expires_at_us"),
    Index(None, "target_kind", "target_id"),
    sqlite_autoincrement=True,
)
"""Dangerous things that one person asks for and another allows; ``dangers`` is JSON."""
