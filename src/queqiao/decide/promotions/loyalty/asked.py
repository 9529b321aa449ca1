"""Adjustments that wait for a second person: what exactly is to be allowed. One transaction each.

The id is that of the movement that comes of it, so a request is done once whichever way it goes.
"""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, delete, insert, select

from queqiao.decide.promotions.loyalty.tables import asked as table
from queqiao.kernel.errors import Conflict, Message, NotFound

_OTHER = Message("同一 request_id，内容不同", "the same request_id with other content")


class Asked(msgspec.Struct, frozen=True):
    """An adjustment that waits. See the table for its fields."""

    id: str
    programme_id: str
    customer_id: str
    points: int
    reason: str
    request_id: str
    actor: str
    expires_at_us: int


def note(conn: Connection, wanted: Asked, now_us: int) -> None:
    """Note it, and drop those whose time is over. Raises Conflict for other content of its id."""
    conn.execute(delete(table).where(table.c.expires_at_us <= now_us))
    known = conn.execute(select(table).where(table.c.id == wanted.id)).first()
    if known is None:
        conn.execute(insert(table).values(msgspec.structs.asdict(wanted)))
    elif (known.points, known.reason) != (wanted.points, wanted.reason):
        raise Conflict(_OTHER)


def take(conn: Connection, asked_id: str) -> Asked:
    """Return one that is allowed; it waits no more. Raises NotFound: over, or its customer gone."""
    row = conn.execute(select(table).where(table.c.id == asked_id)).first()
    if row is None:
        raise NotFound
    conn.execute(delete(table).where(table.c.id == asked_id))
    return Asked(**row._mapping)  # noqa: SLF001  # SQLAlchemy's own word for the row by name


def of_programme(conn: Connection, programme_id: str, now_us: int) -> list[Asked]:
    """Return those of a programme that wait, the next to end first."""
    here = (table.c.programme_id == programme_id, table.c.expires_at_us > now_us)
    rows = conn.execute(select(table).where(*here).order_by(table.c.expires_at_us, table.c.id))
    return [Asked(**row._mapping) for row in rows]  # noqa: SLF001  # likewise


def forget(conn: Connection, customers: Sequence[str]) -> int:
    """Drop what waits for these customers: nobody gives to the erased."""
    return conn.execute(delete(table).where(table.c.customer_id.in_(customers))).rowcount
