"""Publishing, pausing and archiving at a time to come: kept in the records, done by the scheduler.

What is due is done in the order of its time, each in a transaction of its own, under the name of
who scheduled it, as long as they may still write. What cannot be done then is marked failed with
the reason, and stays visible.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct
from sqlalchemy import Connection, and_, insert, select, update
from sqlalchemy.engine import Row

from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.documents import DocumentKind
from queqiao.kernel.errors import Conflict, Forbidden, Message, NotFound, QueqiaoError
from queqiao.operate import standing
from queqiao.operate.contracts import Handling
from queqiao.operate.going_live import Target, bring
from queqiao.operate.tables import scheduled_changes as table
from queqiao.ports.records import audit
from queqiao.ports.records.audit import Actor
from queqiao.ports.records.base import Records
from queqiao.ports.records.documents import Edit

PENDING_MAX = 1_000
"""Scheduled changes in one list."""

_OVER = Message("已执行或已取消", "it was done or cancelled already")
_AUTHOR = Message(
    "安排者已停用、被吊销或不再有写权限，请由他人重新安排",
    "who scheduled it is disabled, revoked or may write no more; somebody else has to schedule it",
)


class ScheduledChange(Struct, frozen=True):
    """A change of a document's state at a time to come, or what became of it."""

    id: int
    kind: str
    document_id: str
    action: str
    at: str
    state: str
    reason: str
    by: str
    by_name: str
    created_at: str
    ended_at: str | None
    fault: str


def add(conn: Connection, kind: str, target: Target, at_us: int, edit: Edit) -> ScheduledChange:
    """Schedule a change; leaves an audit row."""
    document_id, action = target.id, target.action
    row = {
        "kind": kind,
        "document_id": document_id,
        "action": action,
        "at_us": at_us,
        "state": "pending",
        "reason": edit.reason,
        "actor_id": edit.actor.id,
        "actor_name": edit.actor.name,
        "created_at_us": edit.now_us,
        "ended_at_us": None,
        "fault": "",
    }
    number = conn.execute(insert(table).values(row)).inserted_primary_key
    assert number is not None
    _note(conn, f"{kind}.schedule", kind, document_id, f"{action} {format_rfc3339(at_us)}", edit)
    return get(conn, kind, document_id, int(number[0]))


def get(conn: Connection, kind: str, document_id: str, number: int) -> ScheduledChange:
    """Return one scheduled change of a document. Raises NotFound."""
    here = and_(table.c.id == number, table.c.kind == kind, table.c.document_id == document_id)
    row = conn.execute(select(table).where(here)).first()
    if row is None:
        raise NotFound
    return _view(row)


def of_document(conn: Connection, kind: str, document_id: str) -> list[ScheduledChange]:
    """Return every scheduled change of a document, newest first."""
    here = and_(table.c.kind == kind, table.c.document_id == document_id)
    query = select(table).where(here).order_by(table.c.id.desc()).limit(PENDING_MAX)
    return [_view(row) for row in conn.execute(query)]


def in_state(conn: Connection, state: str) -> list[ScheduledChange]:
    """Return the scheduled changes of all documents in a state, the next first."""
    query = select(table).where(table.c.state == state).order_by(table.c.at_us, table.c.id)
    return [_view(row) for row in conn.execute(query.limit(PENDING_MAX))]


def cancel(conn: Connection, kind: str, document_id: str, number: int, edit: Edit) -> None:
    """Take a scheduled change back. Raises NotFound, and Conflict when it is over."""
    found = get(conn, kind, document_id, number)
    if found.state != "pending":
        raise Conflict(_OVER)
    _end(conn, number, "cancelled", "", edit.now_us)
    _note(conn, f"{kind}.unschedule", kind, document_id, f"{found.action} {found.at}", edit)


async def carry_out(
    records: Records,
    kinds: Sequence[DocumentKind],
    handlings: Mapping[str, Handling],
    now_us: int,
) -> int:
    """Do everything that is due; return how many changes that were."""
    by_name = {kind.name: kind for kind in kinds}
    due = await records.read(lambda conn: _due(conn, now_us))
    for number, name in due:
        kind, handling = by_name.get(name), handlings.get(name, Handling())
        await _carry_out(records, number, kind, handling, now_us)
    return len(due)


async def _carry_out(
    records: Records, number: int, kind: DocumentKind | None, handling: Handling, now_us: int
) -> None:
    def work(conn: Connection) -> None:
        row = conn.execute(select(table).where(table.c.id == number)).one()
        if row.state != "pending" or kind is None:
            return
        if not standing.may_write(conn, row.actor_id):
            raise Forbidden(_AUTHOR)
        edit = Edit(Actor(row.actor_id, row.actor_name), now_us, row.reason or "scheduled")
        bring(conn, kind, Target(row.document_id, row.action), edit, handling)
        _end(conn, number, "done", "", now_us)

    def failed(conn: Connection, fault: str) -> None:
        row = conn.execute(select(table).where(table.c.id == number)).one()
        _end(conn, number, "failed", fault, now_us)
        edit = Edit(Actor(row.actor_id, row.actor_name), now_us)
        _note(conn, f"{row.kind}.schedule_failed", row.kind, row.document_id, fault, edit)

    try:
        await records.write(work)
    except QueqiaoError as error:
        if error.retry:
            raise
        fault = error.explain("en")
        await records.write(lambda conn: failed(conn, fault))


def _due(conn: Connection, now_us: int) -> list[tuple[int, str]]:
    here = and_(table.c.state == "pending", table.c.at_us <= now_us)
    query = select(table.c.id, table.c.kind).where(here).order_by(table.c.at_us, table.c.id)
    return [(row.id, row.kind) for row in conn.execute(query.limit(PENDING_MAX))]


def _end(conn: Connection, number: int, state: str, fault: str, now_us: int) -> None:
    values = {"state": state, "fault": fault, "ended_at_us": now_us}
    conn.execute(update(table).where(table.c.id == number).values(values))


def _note(  # noqa: PLR0917  # one line of the trail
    conn: Connection, action: str, kind: str, document_id: str, summary: str, edit: Edit
) -> None:
    entry = audit.Entry(action, kind, document_id, summary)
    audit.note(conn, edit.actor, entry, edit.now_us)


def _view(row: Row[tuple[object, ...]]) -> ScheduledChange:
    return ScheduledChange(
        row.id,
        row.kind,
        row.document_id,
        row.action,
        format_rfc3339(row.at_us),
        row.state,
        row.reason,
        row.actor_id,
        row.actor_name,
        format_rfc3339(row.created_at_us),
        None if row.ended_at_us is None else format_rfc3339(row.ended_at_us),
        row.fault,
    )
