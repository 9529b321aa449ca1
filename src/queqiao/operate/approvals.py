"""Dangerous things that one person asks for and another allows: the four eyes.

    pending → approved   by another person with the scope ``admin``: it is done in that moment
            → rejected   by such a person, or a key of theirs
            → cancelled  by who asked
            → expired    nobody decided in time

A key is no person: it never approves, and what it asks for is asked by who made it. Nor does an
account that the asker has just made (``independence.py``). An approval is of one revision; what has
changed since cannot be approved any more. What is done when it is given is the business of who
registered the action; publishing a document is one.
"""

from collections.abc import Callable, Mapping, Sequence

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, and_, insert, select, update
from sqlalchemy.engine import Row

from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.errors import Conflict, Forbidden, Gone, Message, NotFound, PreconditionFailed
from queqiao.operate import independence, standing
from queqiao.operate.contracts import Danger
from queqiao.operate.tables import approvals as table
from queqiao.ports.records import audit
from queqiao.ports.records.audit import Actor
from queqiao.ports.records.documents import Edit

LIST_MAX = 500
_SELF = Message("不能批准自己的申请", "nobody decides on what they asked for themselves")
_PERSON = Message(
    "须由登录的人批准，密钥不能批准", "a person who is signed in approves, never a key"
)
_NOT_YOURS = Message("只有申请人可以撤回", "only who asked can take it back")
_DECIDED = Message("已有结果", "it is decided already")
_EXPIRED = Message("申请已过期，请重新申请", "it has expired; ask again")
_PENDING = Message("已有待批的申请", "there is one that waits already")


class Approval(Struct, frozen=True):
    """What was asked, why it is dangerous, and what was decided."""

    id: int
    action: str
    target_kind: str
    target_id: str
    revision: int
    state: str
    reason: str
    dangers: list[Danger]
    asked_by: str
    asked_by_name: str
    asked_at: str
    expires_at: str
    decided_by: str
    decided_at: str | None
    decision: str


Execute = Callable[[Connection, Approval, Edit], None]
"""Does what was allowed, in the transaction of the approval; ``edit`` is the approver's."""


class Request(Struct, frozen=True):
    """What one asks approval for. ``revision`` is that of the target."""

    action: str
    target_kind: str
    target_id: str
    revision: int
    dangers: Sequence[Danger]
    expires_at_us: int


def ask(conn: Connection, asked: Request, edit: Edit) -> Approval:
    """Note the request. Raises Conflict when the same waits already."""
    same = and_(
        table.c.state == "pending",
        table.c.action == asked.action,
        table.c.target_kind == asked.target_kind,
        table.c.target_id == asked.target_id,
        table.c.expires_at_us > edit.now_us,
    )
    if conn.execute(select(table.c.id).where(same)).first() is not None:
        raise Conflict(_PENDING)
    row = {
        "action": asked.action,
        "target_kind": asked.target_kind,
        "target_id": asked.target_id,
        "revision": asked.revision,
        "state": "pending",
        "reason": edit.reason,
        "dangers": msgspec.json.encode(asked.dangers).decode(),
        "actor_id": edit.actor.id,
        "actor_name": edit.actor.name,
        "asked_at_us": edit.now_us,
        "expires_at_us": asked.expires_at_us,
        "decided_by": "",
        "decided_at_us": None,
        "decision": "",
    }
    number = conn.execute(insert(table).values(row)).inserted_primary_key
    assert number is not None
    found = get(conn, int(number[0]), edit.now_us)
    _note(conn, "approval.ask", found, edit.actor, edit.now_us)
    return found


def get(conn: Connection, number: int, now_us: int) -> Approval:
    """Return a request. Raises NotFound."""
    row = conn.execute(select(table).where(table.c.id == number)).first()
    if row is None:
        raise NotFound
    return _view(row, now_us)


def find(conn: Connection, state: str | None, now_us: int) -> list[Approval]:
    """Return the requests in a state (all without one), newest first."""
    query = select(table).order_by(table.c.id.desc()).limit(LIST_MAX)
    if state is not None:
        query = query.where(table.c.state.in_({state, "pending"}))
    found = [_view(row, now_us) for row in conn.execute(query)]
    return [one for one in found if state in {None, one.state}]


def approve(conn: Connection, number: int, edit: Edit, executes: Mapping[str, Execute]) -> Approval:
    """Allow it, and do it.

    Raises Forbidden to who asked and to keys, Gone, Conflict, PreconditionFailed.
    """
    found = _decidable(conn, number, edit)
    if not standing.is_person(conn, edit.actor.id):
        raise Forbidden(_PERSON)
    independence.check(conn, found.asked_by, found.asked_at, edit.actor.id, edit.now_us)
    execute = executes.get(f"{found.target_kind}.{found.action}")
    if execute is None:
        raise NotFound
    execute(conn, found, edit)
    return _decide(conn, found, "approved", edit)


def reject(conn: Connection, number: int, edit: Edit) -> Approval:
    """Refuse it. Raises Forbidden to who asked, Gone and Conflict."""
    return _decide(conn, _decidable(conn, number, edit), "rejected", edit)


def cancel(conn: Connection, number: int, edit: Edit) -> Approval:
    """Take it back. Raises Forbidden to others than who asked, Gone and Conflict."""
    found = get(conn, number, edit.now_us)
    _check_open(found)
    if found.asked_by != edit.actor.id:
        raise Forbidden(_NOT_YOURS)
    return _decide(conn, found, "cancelled", edit)


def expire(conn: Connection, now_us: int) -> int:
    """Mark what nobody decided in time, with an audit row each; return how many."""
    here = and_(table.c.state == "pending", table.c.expires_at_us <= now_us)
    rows = conn.execute(select(table).where(here)).all()
    for row in rows:
        _set(conn, row.id, "expired", Edit(audit.SYSTEM, now_us))
        _note(conn, "approval.expire", _view(row, now_us), audit.SYSTEM, now_us)
    return len(rows)


def check_revision(found: Approval, revision: int) -> None:
    """Raise PreconditionFailed when what was asked about has changed since."""
    if found.revision != revision:
        raise PreconditionFailed


def _decidable(conn: Connection, number: int, edit: Edit) -> Approval:
    found = get(conn, number, edit.now_us)
    _check_open(found)
    asker = standing.person_behind(conn, found.asked_by)
    if asker == standing.person_behind(conn, edit.actor.id):
        raise Forbidden(_SELF)
    return found


def _check_open(found: Approval) -> None:
    if found.state == "expired":
        raise Gone(_EXPIRED)
    if found.state != "pending":
        raise Conflict(_DECIDED)


def _decide(conn: Connection, found: Approval, state: str, edit: Edit) -> Approval:
    _set(conn, found.id, state, edit)
    decided = get(conn, found.id, edit.now_us)
    verb = {"approved": "approve", "rejected": "reject", "cancelled": "cancel"}[state]
    _note(conn, f"approval.{verb}", decided, edit.actor, edit.now_us)
    return decided


def _set(conn: Connection, number: int, state: str, edit: Edit) -> None:
    values = {
        "state": state,
        "decided_by": edit.actor.id,
        "decided_at_us": edit.now_us,
        "decision": edit.reason,
    }
    conn.execute(update(table).where(table.c.id == number).values(values))


def _note(conn: Connection, action: str, found: Approval, actor: Actor, now_us: int) -> None:
    summary = f"{found.action} #{found.id}"
    entry = audit.Entry(action, found.target_kind, found.target_id, summary)
    audit.note(conn, actor, entry, now_us)


def _view(row: Row[tuple[object, ...]], now_us: int) -> Approval:
    is_over = row.state == "pending" and row.expires_at_us <= now_us
    return Approval(
        row.id,
        row.action,
        row.target_kind,
        row.target_id,
        row.revision,
        "expired" if is_over else row.state,
        row.reason,
        msgspec.json.decode(row.dangers, type=list[Danger]),
        row.actor_id,
        row.actor_name,
        format_rfc3339(row.asked_at_us),
        format_rfc3339(row.expires_at_us),
        row.decided_by,
        None if row.decided_at_us is None else format_rfc3339(row.decided_at_us),
        row.decision,
    )
