"""The tables that every stage may rely on: documents, changes, artifacts, answers, audit."""

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table, Text

from queqiao.ports.records.base import Microseconds, Serial, metadata

documents = Table(
    "documents",
    metadata,
    Column("kind", String(64), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("state", String(32), nullable=False),
    Column("name", String(400), nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at_us", Microseconds, nullable=False),
    Column("updated_at_us", Microseconds, nullable=False),
    Column("updated_by", String(200), nullable=False),
    Index(None, "kind", "state"),
)
"""The newest revision of each document; ``body`` is JSON, ``name`` a copy to search by."""

document_revisions = Table(
    "document_revisions",
    metadata,
    Column("kind", String(64), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("state", String(32), nullable=False),
    Column("body", Text, nullable=False),
    Column("at_us", Microseconds, nullable=False),
    Column("by", String(200), nullable=False),
    Column("reason", Text, nullable=False),
)
"""Every revision that ever was; rows are only added."""

changes = Table(
    "changes",
    metadata,
    Column("version", Serial, primary_key=True, autoincrement=True),
    Column("kind", String(64), nullable=False),
    Column("id", String(200), nullable=False),
    sqlite_autoincrement=True,
)
"""The change feed; see ``changes.py``."""

artifacts = Table(
    "artifacts",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("at_us", Microseconds, nullable=False),
)
"""Bytes that one role makes and others load whole: segment members, models."""

idempotency = Table(
    "idempotency",
    metadata,
    Column("principal", String(200), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("headers", Text, nullable=False),
    Column("response", LargeBinary, nullable=False),
    Column("at_us", Microseconds, nullable=False, index=True),
)
"""The first answer to each Idempotency-Key."""

audit = Table(
    "audit",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("at_us", Microseconds, nullable=False, index=True),
    Column("actor_id", String(200), nullable=False, index=True),
    Column("actor_name", String(200), nullable=False),
    Column("action", String(100), nullable=False),
    Column("target_kind", String(64), nullable=False),
    Column("target_id", String(200), nullable=False),
    Column("summary", Text, nullable=False),
    Column("diff", Text, nullable=False),
    Column("address", String(64), nullable=False),
    Column("trace_id", String(64), nullable=False),
    Index(None, "target_kind", "target_id"),
    sqlite_autoincrement=True,
)
"""Who did what to what, from where; rows are only added."""
