"""The tables of sign-in: people, their sessions and one-time tokens, and keys of programs.

Secrets are never stored: passwords as argon2 hashes, tokens and keys as SHA-256 (they are random
and long, so a slow hash would add nothing).
"""

from sqlalchemy import Boolean, Column, ForeignKey, Index, String, Table

from queqiao.ports.records.base import Microseconds, metadata

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
)
"""Keys of programs. ``hint`` is the end of the secret, to tell keys apart."""
