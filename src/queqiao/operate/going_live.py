"""What must hold before a document goes live: its own check, that of what is live, and dangers.

One place for whoever brings documents into a state: an operator, a schedule, an approval.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from sqlalchemy import Connection

from queqiao.kernel.documents import DocumentKind
from queqiao.kernel.errors import FieldError, InvalidInput, Message, Refused
from queqiao.operate.contracts import Handling
from queqiao.ports.records import documents
from queqiao.ports.records.documents import Edit, Stored

TRANSITIONS = {"publish": "live", "pause": "paused", "archive": "archived"}
"""What an operator does, and the state that it leads to."""


class Target(NamedTuple):
    """Which document is brought where; ``approved``: another person has allowed it."""

    id: str
    action: str
    approved: bool = False


APPROVAL_NEEDED = "approval_needed"
_NEEDED = Message(
    "需要他人批准：请发起审批 (POST …/approval)",
    "another person must allow it: ask for approval (POST …/approval)",
)


def check_live(
    conn: Connection, stored: Stored, handling: Handling, *, approved: bool = False
) -> None:
    """Raise what keeps a live document from being so; an approved one may be dangerous."""
    if stored.state != "live":
        return
    if handling.check_live is not None:
        check = handling.check_live
        below_document(lambda document: check(document, conn))(stored.document)
    if handling.check_change is not None:
        check_change = handling.check_change
        below_document(lambda _: check_change(stored, conn))(stored.document)
    if not approved:
        refuse_dangers(conn, stored, handling)


def refuse_dangers(
    conn: Connection, stored: Stored, handling: Handling, path: str = "document"
) -> None:
    """Raise Refused, with the dangers below ``path``, where another person must allow it."""
    found = dangers(conn, stored, handling)
    if found:
        error = Refused(_NEEDED, reason=APPROVAL_NEEDED)
        error.fields = tuple(
            FieldError(f"{path}.{one.path}".rstrip("."), one.message) for one in found
        )
        raise error


def dangers(conn: Connection, stored: Stored, handling: Handling) -> tuple[FieldError, ...]:
    """Return what makes it dangerous to have the document live."""
    return () if handling.dangers is None else tuple(handling.dangers(stored, conn))


def bring(
    conn: Connection, kind: DocumentKind, target: Target, edit: Edit, handling: Handling
) -> Stored:
    """Do what an operator does with a document; raises what keeps it from that."""
    stored = documents.transition(conn, kind, target.id, TRANSITIONS[target.action], edit)
    check_live(conn, stored, handling, approved=target.approved)
    return stored


def below_document(check: Callable[[Any], None]) -> Callable[[Any], None]:
    """Return the check with paths that start at the body, where the document is one field."""

    def checked(document: Any) -> None:
        try:
            check(document)
        except InvalidInput as error:
            fields = [
                FieldError(f"document.{field.path}".rstrip("."), field.message)
                for field in error.fields
            ]
            raise InvalidInput(*fields, detail=error.detail) from error

    return checked
