"""The audit trail: every write leaves one row, in the same transaction as the write itself."""

import msgspec
from sqlalchemy import Connection, insert

from queqiao.kernel import json
from queqiao.ports.records.differences import Difference
from queqiao.ports.records.tables import audit


class Actor(msgspec.Struct, frozen=True):
    """Who acts: a user, a key or ``SYSTEM``; from which address; in which request."""

    id: str
    name: str
    address: str = ""
    trace_id: str = ""


SYSTEM = Actor("system", "system")
"""The system itself: schedulers, start-up, the command line."""


class Entry(msgspec.Struct, frozen=True):
    """What happened: ``action`` is a stable word such as ``promotion.publish``.

    ``summary`` is one sentence for people and holds no secret.
    """

    action: str
    target_kind: str = ""
    target_id: str = ""
    summary: str = ""
    diff: tuple[Difference, ...] = ()


def note(conn: Connection, actor: Actor, entry: Entry, now_us: int) -> None:
    """Add one row to the trail."""
    conn.execute(
        insert(audit).values(
            at_us=now_us,
            actor_id=actor.id,
            actor_name=actor.name,
            action=entry.action,
            target_kind=entry.target_kind,
            target_id=entry.target_id,
            summary=entry.summary,
            diff=json.encode(entry.diff).decode(),
            address=actor.address,
            trace_id=actor.trace_id,
        )
    )
