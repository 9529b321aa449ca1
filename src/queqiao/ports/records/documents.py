"""Documents: versioned JSON with states, kept whole in every revision, changed by one at a time.

The functions work on a connection, so that a caller may join them with writes of its own in one
transaction; ``Documents`` runs each of them alone. A write stores the new revision, adds it to the
history, leaves an audit row and tells the change feed, or does nothing at all.
"""

import re
from collections.abc import Collection
from typing import Any, NamedTuple, NoReturn

import msgspec
from msgspec import structs
from sqlalchemy import Connection, and_, insert, or_, select, update
from sqlalchemy.engine import Row

from queqiao.kernel import json
from queqiao.kernel.documents import DocumentKind
from queqiao.kernel.errors import (
    Broken,
    Conflict,
    FieldError,
    InvalidInput,
    Message,
    NotFound,
    PreconditionFailed,
    Refused,
)
from queqiao.ports.records import audit, changes
from queqiao.ports.records.audit import Actor
from queqiao.ports.records.base import Records
from queqiao.ports.records.differences import Difference, differences
from queqiao.ports.records.tables import document_revisions, documents

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)
_COMES_FROM = {"live": ("draft", "paused"), "paused": ("live",)}
"""From which states one is reached; any other is reached from every state but ``archived``."""
_VERBS = {"live": "publish", "paused": "pause", "archived": "archive"}
Ids = Collection[str] | None
IDS_AT_ONCE = 500
"""How many ids one statement names."""
HIDDEN = "••••"
"""Stands where a secret stood."""


class Stored(msgspec.Struct, frozen=True):
    """A document as it stands. ``document`` is an instance of its kind's type."""

    kind: str
    id: str
    revision: int
    state: str
    document: Any
    created_at_us: int
    updated_at_us: int
    updated_by: str


class Revision(msgspec.Struct, frozen=True):
    """One step of a document's history and what it changed against the step before."""

    revision: int
    state: str
    document: Any
    at_us: int
    by: str
    reason: str
    changes: tuple[Difference, ...]


class Place(NamedTuple):
    """Where a list goes on: after the document created at that time with that id."""

    created_at_us: int
    id: str


class Edit(msgspec.Struct, frozen=True):
    """The circumstances of a write: who, when and why; whether to try it only.

    ``expected_revision`` is the one that the write means to follow, None for whatever is there.
    ``hidden`` names top-level fields whose values the audit trail must not show.
    """

    actor: Actor
    now_us: int
    reason: str = ""
    dry_run: bool = False
    expected_revision: int | None = None
    hidden: tuple[str, ...] = ()


def get(conn: Connection, kind: DocumentKind, document_id: str) -> Stored:
    """Return the newest revision. Raises NotFound."""
    row = conn.execute(select(documents).where(_named(kind, document_id))).first()
    if row is None:
        raise NotFound
    return _stored(kind, row)


def find(
    conn: Connection,
    kind: DocumentKind,
    *,
    state: str | None = None,
    query: str = "",
    after: Place | None = None,
    limit: int = 50,
) -> list[Stored]:
    """Return at most ``limit`` documents, newest first; ``query`` is part of a name or an id.

    Without ``state``, archived ones are left out.
    """
    d = documents.c
    statement = select(documents).where(d.kind == kind.name)
    statement = statement.where(d.state != "archived" if state is None else d.state == state)
    if query:
        part = (d.name.icontains(query, autoescape=True), d.id.icontains(query, autoescape=True))
        statement = statement.where(or_(*part))
    if after is not None:
        earlier = and_(d.created_at_us == after.created_at_us, d.id < after.id)
        statement = statement.where(or_(d.created_at_us < after.created_at_us, earlier))
    statement = statement.order_by(d.created_at_us.desc(), d.id.desc()).limit(limit)
    return [_stored(kind, row) for row in conn.execute(statement)]


def live(conn: Connection, kind: DocumentKind, ids: Collection[str] | None = None) -> list[Stored]:
    """Return the live documents of a kind by id, of these ids alone where some are named."""
    return in_state(conn, kind, "live", ids)


def in_state(conn: Connection, kind: DocumentKind, state: str, ids: Ids = None) -> list[Stored]:
    """Return the documents of a kind in a state by id, of these ids alone where some are named."""
    d = documents.c
    query = select(documents).where(d.kind == kind.name, d.state == state).order_by(d.id)
    wanted = sorted(ids or ())
    parts = (wanted[at : at + IDS_AT_ONCE] for at in range(0, len(wanted), IDS_AT_ONCE))
    queries = [query] if ids is None else [query.where(d.id.in_(part)) for part in parts]
    return [_stored(kind, row) for each in queries for row in conn.execute(each)]


def create(
    conn: Connection,
    kind: DocumentKind,
    document_id: str,
    document: Any,
    edit: Edit,
) -> Stored:
    """Store a new document in the first state of its kind. Raises InvalidInput and Conflict."""
    if not _ID.fullmatch(document_id):
        message = Message(
            "1 到 64 个字母、数字、点、横线或下划线", "1 to 64 letters, digits, dots, - or _"
        )
        raise InvalidInput(FieldError("id", message))
    kind.check(document)
    if conn.execute(select(documents.c.id).where(_named(kind, document_id))).first() is not None:
        raise Conflict(Message("这个编号已经存在", "this id is taken"))
    now_us = edit.now_us
    stored = Stored(
        kind.name, document_id, 1, kind.states[0], document, now_us, now_us, edit.actor.id
    )
    if not edit.dry_run:
        conn.execute(insert(documents).values(_row(stored)))
        _record(conn, stored, None, "create", edit)
    return stored


def replace(
    conn: Connection,
    kind: DocumentKind,
    document_id: str,
    document: Any,
    edit: Edit,
) -> Stored:
    """Store a new revision; equal content makes none.

    Raises NotFound, InvalidInput, Refused when archived, and PreconditionFailed when the newest
    revision is not the expected one.
    """
    before = _expected(conn, kind, document_id, edit)
    if before.state == "archived":
        message = Message("已归档，不能再修改", "archived documents cannot be changed")
        raise Refused(message, reason="archived")
    kind.check(document)
    if json.encode(document) == json.encode(before.document):
        return before
    return _advance(conn, before, structs.replace(before, document=document), edit)


def transition(
    conn: Connection,
    kind: DocumentKind,
    document_id: str,
    state: str,
    edit: Edit,
) -> Stored:
    """Bring the document into ``state``; already there, nothing happens.

    Raises NotFound, PreconditionFailed, and Refused when no way leads there.
    """
    before = _expected(conn, kind, document_id, edit)
    if before.state == state:
        return before
    allowed = _COMES_FROM.get(state)
    known = state in kind.states
    if not known or before.state == "archived" or (allowed and before.state not in allowed):
        _refuse_transition(before.state, state)
    return _advance(conn, before, structs.replace(before, state=state), edit)


def history(
    conn: Connection, kind: DocumentKind, document_id: str, hidden: tuple[str, ...] = ()
) -> list[Revision]:
    """Return every revision, newest first, each with what it changed. Raises NotFound."""
    r = document_revisions.c
    query = (
        select(document_revisions)
        .where(r.kind == kind.name, r.id == document_id)
        .order_by(r.revision)
    )
    steps: list[Revision] = []
    before: dict[str, Any] = {}
    for row in conn.execute(query):
        document = decode(kind, row)
        now = view(document, row.state, hidden)
        changed = tuple(differences(before, now)) if steps else ()
        steps.append(
            Revision(row.revision, row.state, document, row.at_us, row.by, row.reason, changed)
        )
        before = now
    if not steps:
        raise NotFound
    return steps[::-1]


def _named(kind: DocumentKind, document_id: str) -> Any:
    return and_(documents.c.kind == kind.name, documents.c.id == document_id)


def _expected(
    conn: Connection,
    kind: DocumentKind,
    document_id: str,
    edit: Edit,
) -> Stored:
    stored = get(conn, kind, document_id)
    if edit.expected_revision not in {None, stored.revision}:
        raise PreconditionFailed
    return stored


def _refuse_transition(before: str, after: str) -> NoReturn:
    message = Message(f"不能从 {before} 变为 {after}", f"there is no way from {before} to {after}")
    raise Refused(message, reason="no_such_transition")


def _advance(conn: Connection, before: Stored, wanted: Stored, edit: Edit) -> Stored:
    after = structs.replace(
        wanted,
        revision=before.revision + 1,
        updated_at_us=edit.now_us,
        updated_by=edit.actor.id,
    )
    if not edit.dry_run:
        here = and_(documents.c.kind == before.kind, documents.c.id == before.id)
        conn.execute(update(documents).where(here).values(_row(after)))
        verb = "replace" if after.state == before.state else _VERBS.get(after.state, after.state)
        _record(conn, after, before, verb, edit)
    return after


def _record(conn: Connection, after: Stored, before: Stored | None, verb: str, edit: Edit) -> None:
    """Add the revision to the history, the audit trail and the change feed."""
    revision = {
        "kind": after.kind,
        "id": after.id,
        "revision": after.revision,
        "state": after.state,
        "body": json.encode(after.document).decode(),
        "at_us": edit.now_us,
        "by": edit.actor.id,
        "reason": edit.reason,
    }
    conn.execute(insert(document_revisions).values(revision))
    old = {} if before is None else view(before.document, before.state, edit.hidden)
    diff = tuple(differences(old, view(after.document, after.state, edit.hidden)))
    entry = audit.Entry(f"{after.kind}.{verb}", after.kind, after.id, _name(after.document), diff)
    audit.note(conn, edit.actor, entry, edit.now_us)
    changes.note(conn, after.kind, after.id)


def view(document: Any, state: str, hidden: tuple[str, ...]) -> dict[str, Any]:
    """Return what a reader may see of a revision, its state among the fields."""
    fields: dict[str, Any] = msgspec.to_builtins(document)
    shown = {key: HIDDEN if key in hidden else value for key, value in fields.items()}
    return {"state": state, **shown}


def _row(stored: Stored) -> dict[str, Any]:
    row = {name: getattr(stored, name) for name in stored.__struct_fields__ if name != "document"}
    return {
        **row,
        "name": _name(stored.document)[:400],
        "body": json.encode(stored.document).decode(),
    }


def _name(document: Any) -> str:
    return str(getattr(document, "name", ""))


def _stored(kind: DocumentKind, row: Row[Any]) -> Stored:
    return Stored(
        kind.name,
        row.id,
        row.revision,
        row.state,
        decode(kind, row),
        row.created_at_us,
        row.updated_at_us,
        row.updated_by,
    )


def decode(kind: DocumentKind, row: Row[Any]) -> Any:
    """Return the document of a row. Raises Broken when it no longer fits its type."""
    try:
        return msgspec.json.decode(row.body, type=kind.type)
    except msgspec.ValidationError as error:
        text = f"{kind.name} {row.id} revision {row.revision} no longer fits its type"
        raise Broken(Message(text, text)) from error


class Documents:
    """The documents of every kind, each call in a transaction of its own."""

    def __init__(self, records: Records) -> None:
        self._records = records

    async def get(self, kind: DocumentKind, name: str) -> Stored:
        """See ``get`` of the module."""
        return await self._records.read(lambda conn: get(conn, kind, name))

    async def create(
        self,
        kind: DocumentKind,
        document_id: str,
        document: Any,
        edit: Edit,
    ) -> Stored:
        """See ``create`` of the module."""
        return await self._records.write(
            lambda conn: create(conn, kind, document_id, document, edit)
        )

    async def replace(
        self,
        kind: DocumentKind,
        document_id: str,
        document: Any,
        edit: Edit,
    ) -> Stored:
        """See ``replace`` of the module."""
        return await self._records.write(
            lambda conn: replace(conn, kind, document_id, document, edit)
        )

    async def transition(
        self,
        kind: DocumentKind,
        document_id: str,
        state: str,
        edit: Edit,
    ) -> Stored:
        """See ``transition`` of the module."""
        return await self._records.write(
            lambda conn: transition(conn, kind, document_id, state, edit)
        )

    async def history(self, kind: DocumentKind, document_id: str) -> list[Revision]:
        """See ``history`` of the module."""
        return await self._records.read(lambda conn: history(conn, kind, document_id))

    async def list(self, kind: DocumentKind, **filters: Any) -> list[Stored]:
        """See ``find`` of the module."""
        return await self._records.read(lambda conn: find(conn, kind, **filters))

    async def live(self, kind: DocumentKind) -> "StoredList":
        """Return every live document of a kind by id."""
        return await self._records.read(lambda conn: live(conn, kind))

    def live_now(self, kind: DocumentKind) -> "StoredList":
        """Do the same as ``live``, blocking: for start-up."""
        return self._records.read_now(lambda conn: live(conn, kind))


StoredList = list[Stored]
"""Inside ``Documents`` the name ``list`` is a method."""
