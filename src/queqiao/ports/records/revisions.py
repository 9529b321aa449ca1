"""Single revisions of a document: its content then, and what two of them differ in."""

from typing import Any

from sqlalchemy import Connection, and_, select
from sqlalchemy.engine import Row

from queqiao.kernel.documents import DocumentKind
from queqiao.kernel.errors import NotFound
from queqiao.ports.records.differences import Difference, differences
from queqiao.ports.records.documents import decode, view
from queqiao.ports.records.tables import document_revisions


def revision(conn: Connection, kind: DocumentKind, document_id: str, number: int) -> Any:
    """Return the document as it was in a revision. Raises NotFound."""
    return decode(kind, _revision(conn, kind, document_id, number))


def compared(
    conn: Connection,
    kind: DocumentKind,
    document_id: str,
    pair: tuple[int, int],
    hidden: tuple[str, ...] = (),
) -> list[Difference]:
    """Return what changed between two revisions, the state among it. Raises NotFound."""
    before, after = (
        view(decode(kind, row), row.state, hidden)
        for row in (_revision(conn, kind, document_id, number) for number in pair)
    )
    return list(differences(before, after))


def _revision(conn: Connection, kind: DocumentKind, document_id: str, number: int) -> Row[Any]:
    r = document_revisions.c
    here = and_(r.kind == kind.name, r.id == document_id, r.revision == number)
    row = conn.execute(select(document_revisions).where(here)).first()
    if row is None:
        raise NotFound
    return row
