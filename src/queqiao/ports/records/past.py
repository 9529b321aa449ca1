"""Documents as they stood at a moment of the past."""

from sqlalchemy import Connection, select

from queqiao.kernel.documents import DocumentKind
from queqiao.ports.records.documents import Stored, decode
from queqiao.ports.records.tables import document_revisions


def as_of(conn: Connection, kind: DocumentKind, document_id: str, at_us: int) -> Stored | None:
    """Return a document as it stood at a moment, None where it was not there yet.

    Its times are those of the revision.
    """
    r = document_revisions.c
    query = select(document_revisions).where(
        r.kind == kind.name, r.id == document_id, r.at_us <= at_us
    )
    row = conn.execute(query.order_by(r.revision.desc()).limit(1)).first()
    if row is None:
        return None
    document = decode(kind, row)
    return Stored(
        kind.name, row.id, row.revision, row.state, document, row.at_us, row.at_us, row.by
    )
