"""Artifacts: bytes that one role makes whole and others load whole (segment members, models)."""

from sqlalchemy import Connection, delete, insert, select, update

from queqiao.ports.records import changes
from queqiao.ports.records.tables import artifacts

KIND = "artifact"
"""The kind under which the change feed tells of them; the id is the name."""


def put(conn: Connection, name: str, body: bytes, now_us: int) -> int:
    """Store ``body`` under ``name`` in place of what was there; return its revision, from 1.

    Equal bytes change nothing and are not told, so that no role loads them again.
    """
    found = get(conn, name)
    if found is not None and found[1] == body:
        return found[0]
    revision = 1 if found is None else found[0] + 1
    values = {"name": name, "revision": revision, "body": body, "at_us": now_us}
    if found is None:
        conn.execute(insert(artifacts).values(values))
    else:
        conn.execute(update(artifacts).where(artifacts.c.name == name).values(values))
    changes.note(conn, KIND, name)
    return revision


def get(conn: Connection, name: str) -> tuple[int, bytes] | None:
    """Return revision and bytes, or None when nothing was ever put there."""
    query = select(artifacts.c.revision, artifacts.c.body).where(artifacts.c.name == name)
    row = conn.execute(query).first()
    return None if row is None else (row.revision, bytes(row.body))


def remove(conn: Connection, name: str) -> bool:
    """Delete what lies under ``name``; say whether anything did."""
    if get(conn, name) is None:
        return False
    conn.execute(delete(artifacts).where(artifacts.c.name == name))
    changes.note(conn, KIND, name)
    return True


def names(conn: Connection, prefix: str) -> list[str]:
    """Return the names that start with ``prefix``, sorted."""
    query = select(artifacts.c.name).where(artifacts.c.name.startswith(prefix, autoescape=True))
    return sorted(conn.execute(query).scalars())


def revisions(conn: Connection, prefix: str) -> dict[str, int]:
    """Return the revisions of artifacts by name, of those whose names start with ``prefix``."""
    a = artifacts.c
    query = select(a.name, a.revision).where(a.name.startswith(prefix, autoescape=True))
    return {row.name: row.revision for row in conn.execute(query.order_by(a.name))}
