"""What grows without end is cut: old rows of the audit trail, old versions of the change feed.

It goes in small steps, each a transaction of its own, so that no writer waits long.
"""

import msgspec
from sqlalchemy import Connection, delete, func, select

from queqiao.ports.records.base import Records
from queqiao.ports.records.tables import audit, changes

STEP_ROWS = 5_000


class Keep(msgspec.Struct, frozen=True):
    """What stays: rows of the trail since a moment, and so many newest versions of the feed."""

    audit_since_us: int
    changes_rows: int


async def prune(records: Records, keep: Keep) -> int:
    """Delete everything else; return how many rows went."""
    gone = 0
    while found := await records.write(lambda conn: _prune_audit(conn, keep)):
        gone += found
    while found := await records.write(lambda conn: _prune_changes(conn, keep)):
        gone += found
    return gone


def _prune_audit(conn: Connection, keep: Keep) -> int:
    a = audit.c
    old = select(a.id).where(a.at_us < keep.audit_since_us).order_by(a.id).limit(STEP_ROWS)
    return conn.execute(delete(audit).where(a.id.in_(old.scalar_subquery()))).rowcount


def _prune_changes(conn: Connection, keep: Keep) -> int:
    c = changes.c
    first, last = conn.execute(select(func.min(c.version), func.max(c.version))).one()
    if first is None:
        return 0
    until = min(first + STEP_ROWS, last - keep.changes_rows + 1)
    return conn.execute(delete(changes).where(c.version < until)).rowcount
