"""The change feed: writers note what they touched, readers ask what is new."""

from sqlalchemy import Connection, func, insert, select

from queqiao.ports.records.base import Change
from queqiao.ports.records.tables import changes


def note(conn: Connection, kind: str, id: str) -> None:  # noqa: A002  # the feed's own word
    """Tell every role that the thing of ``kind`` with ``id`` is new once this write commits."""
    conn.execute(insert(changes).values(kind=kind, id=id))


def latest(conn: Connection) -> int:
    """Return the newest version, 0 when nothing was ever noted."""
    return int(conn.execute(select(func.max(changes.c.version))).scalar() or 0)


def since(conn: Connection, version: int) -> list[Change]:
    """Return the changes after ``version``, oldest first."""
    query = select(changes).where(changes.c.version > version).order_by(changes.c.version)
    return [Change(row.version, row.kind, row.id) for row in conn.execute(query)]
