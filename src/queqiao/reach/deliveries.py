"""Deliveries as rows: made from events, due, delivered or given up, and shown."""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, Update, case, delete, insert, select, update
from sqlalchemy.engine import Row

from queqiao.kernel.clock import DAY_US, HOUR_US, SECOND_US, format_rfc3339
from queqiao.kernel.envelope import Envelope, publish
from queqiao.kernel.errors import Conflict, Message, NotFound
from queqiao.ports.event_log.base import StoredEvent
from queqiao.ports.records import documents
from queqiao.ports.records.audit import SYSTEM
from queqiao.ports.records.documents import Edit, Stored
from queqiao.ports.records.tables import document_revisions
from queqiao.reach.contracts import WEBHOOK, Delivery
from queqiao.reach.tables import webhook_checkpoint, webhook_deliveries, webhook_health

ATTEMPTS_MAX = 8
FIRST_PAUSE_US = 5 * SECOND_US
PAUSE_FACTOR = 4
"""5 s, 20 s, 80 s … 5.7 h: eight attempts within about 7.6 hours."""
JITTER = 0.2
DISABLED_AFTER_US = 5 * DAY_US
"""A receiver that answers nothing good for so long is paused."""
RETRY_AFTER_MAX_US = HOUR_US
KEPT_US = 30 * DAY_US
IDS_AT_ONCE = 500
"""So many ids or offsets one statement names at most: databases bound it."""
ERASED = "erased"
"""The error of a delivery that was given up because its person was erased."""
_NOTHING_LEFT = Message(
    "此人已被删除，消息内容已清空", "the person was erased, and the message with them"
)

_d = webhook_deliveries.c
EVENTS = "events"
"""The checkpoint of the last event looked at, among those of ``LiveWebhook.place``."""


class LiveWebhook(msgspec.Struct, frozen=True):
    """A receiver that is live, and since when: earlier events are not for it."""

    stored: Stored
    since_us: int

    @property
    def place(self) -> str:
        """The name of this life of the receiver among the checkpoints."""
        return sha256(f"{self.stored.id} {self.since_us}".encode()).hexdigest()[:32]

    def is_for(self, offset: int, envelope: Envelope, seen_at: int | None) -> bool:
        """Say whether an event is for this receiver, which was first seen live at ``seen_at``.

        Times are asked only of what lies before that: the clock may have been set back since.
        """
        is_behind = seen_at is not None and offset > seen_at
        is_later = is_behind or envelope.received_at_us >= self.since_us
        return is_later and bool(self.stored.document.wants(event_name(envelope)))


class Attempt(msgspec.Struct, frozen=True):
    """How one attempt ended. ``error`` is empty when the receiver took the message."""

    delivery_id: str
    webhook_id: str
    attempts: int
    response_status: int | None
    error: str
    retry_after_us: int = 0


def live_webhooks(conn: Connection) -> list[LiveWebhook]:
    """Return the receivers that are live."""
    return [
        LiveWebhook(stored, _live_since(conn, stored)) for stored in documents.live(conn, WEBHOOK)
    ]


def _live_since(conn: Connection, stored: Stored) -> int:
    """Return when the document went live, which edits of a live one do not change."""
    r = document_revisions.c
    query = select(r.state, r.at_us).where(r.kind == stored.kind, r.id == stored.id)
    since_us = stored.updated_at_us
    for row in conn.execute(query.order_by(r.revision.desc())):
        if row.state != "live":
            break
        since_us = row.at_us
    return since_us


def checkpoints(conn: Connection) -> dict[str, int]:
    """Return the last event looked at under ``EVENTS``, and where the log ended by ``place``.

    Without ``EVENTS`` nobody has been listening.
    """
    c = webhook_checkpoint.c
    return {row.name: row.offset for row in conn.execute(select(c.name, c.offset))}


def forget_checkpoints(conn: Connection) -> None:
    """Nobody listens: whoever listens next starts from then."""
    conn.execute(delete(webhook_checkpoint))


def notice(conn: Connection, end: int) -> None:
    """Note that the log ends there for each receiver that was not known to be live.

    All that comes behind it is for the receiver, whatever the clock says by then.
    """
    places, known = {one.place for one in live_webhooks(conn)}, set(checkpoints(conn)) - {EVENTS}
    conn.execute(delete(webhook_checkpoint).where(webhook_checkpoint.c.name.in_(known - places)))
    for place in sorted(places - known):
        conn.execute(insert(webhook_checkpoint).values(name=place, offset=end))


def gather(
    conn: Connection, events: Sequence[StoredEvent], envelopes: Iterable[Envelope], now_us: int
) -> int:
    """Make the deliveries of these events and move the checkpoint behind them, in one step.

    Returns how many were made. An event that was gathered before makes none.
    """
    receivers, places = live_webhooks(conn), checkpoints(conn)
    rows = [
        _new_row(receiver.stored.id, event.offset, envelope, now_us)
        for event, envelope in zip(events, envelopes, strict=True)
        for receiver in receivers
        if receiver.is_for(event.offset, envelope, places.get(receiver.place))
    ]
    known = _known(conn, [row["id"] for row in rows])
    new = [row for row in rows if row["id"] not in known]
    if new:
        conn.execute(insert(webhook_deliveries), new)
    conn.execute(delete(webhook_checkpoint).where(webhook_checkpoint.c.name == EVENTS))
    conn.execute(insert(webhook_checkpoint).values(name=EVENTS, offset=events[-1].offset))
    return len(new)


def _known(conn: Connection, ids: Sequence[str]) -> set[str]:
    """Return those that have a delivery; databases bound how many one question may name."""
    found: set[str] = set()
    for start in range(0, len(ids), IDS_AT_ONCE):
        query = select(_d.id).where(_d.id.in_(ids[start : start + IDS_AT_ONCE]))
        found.update(conn.execute(query).scalars())
    return found


def event_name(envelope: Envelope) -> str:
    """Return the name under which receivers ask for an event: its own, or the type of call."""
    return envelope.event or envelope.type


def _new_row(webhook_id: str, offset: int, envelope: Envelope, now_us: int) -> dict[str, Any]:
    name = event_name(envelope)
    payload = {
        "type": name,
        "timestamp": format_rfc3339(envelope.timestamp_us),
        "data": publish(envelope, offset),
    }
    return {
        "id": "msg_" + sha256(f"{webhook_id} {offset}".encode()).hexdigest()[:32],
        "webhook_id": webhook_id,
        "event": name[:200],
        "event_offset": offset,
        "body": msgspec.json.encode(payload).decode(),
        "status": "pending",
        "attempts": 0,
        "next_at_us": now_us,
        "error": "",
        "created_at_us": now_us,
    }


def due(conn: Connection, now_us: int, limit: int) -> list[tuple[Row[Any], Stored]]:
    """Return the deliveries whose time has come, with their live receivers."""
    live = {stored.id: stored for stored in documents.live(conn, WEBHOOK)}
    query = select(webhook_deliveries).where(
        _d.status == "pending", _d.next_at_us <= now_us, _d.webhook_id.in_(list(live))
    )
    rows = conn.execute(query.order_by(_d.next_at_us, _d.event_offset).limit(limit))
    return [(row, live[row.webhook_id]) for row in rows]


def settle(conn: Connection, attempts: Sequence[Attempt], now_us: int, chance: float) -> None:
    """Write down how attempts ended, when the next are due, and how the receivers do.

    ``chance`` in 0..1 spreads the next attempts, so that they do not come all at once.
    """
    for attempt in attempts:
        values = _after(attempt, now_us, chance)
        mine = (_d.id == attempt.delivery_id) & (_d.body != "")  # not cleared since
        conn.execute(update(webhook_deliveries).where(mine).values(values))
        _note_health(conn, attempt, now_us)


def _after(attempt: Attempt, now_us: int, chance: float) -> dict[str, Any]:
    tried = attempt.attempts + 1
    values: dict[str, Any] = {
        "attempts": tried,
        "response_status": attempt.response_status,
        "error": attempt.error,
    }
    if not attempt.error:
        return {**values, "status": "delivered", "finished_at_us": now_us}
    if tried >= ATTEMPTS_MAX or attempt.response_status == 410:
        return {**values, "status": "failed", "finished_at_us": now_us}
    return {**values, "next_at_us": now_us + max(pause_us(tried, chance), attempt.retry_after_us)}


def pause_us(attempts: int, chance: float) -> int:
    """Return how long to wait after so many attempts: exponential, give or take a fifth."""
    return int(FIRST_PAUSE_US * PAUSE_FACTOR ** (attempts - 1) * (1 + JITTER * (2 * chance - 1)))


def _note_health(conn: Connection, attempt: Attempt, now_us: int) -> None:
    h = webhook_health.c
    here = h.webhook_id == attempt.webhook_id
    since_us = conn.execute(select(h.failing_since_us).where(here)).scalar()
    if not attempt.error:
        conn.execute(delete(webhook_health).where(here))
    elif attempt.response_status == 410:
        _pause(conn, attempt.webhook_id, now_us, "the receiver answered 410 Gone")
    elif since_us is None:
        row = {"webhook_id": attempt.webhook_id, "failing_since_us": now_us}
        conn.execute(insert(webhook_health).values(row))
    elif now_us - since_us >= DISABLED_AFTER_US:
        _pause(conn, attempt.webhook_id, now_us, "the receiver has not answered for five days")


def _pause(conn: Connection, webhook_id: str, now_us: int, reason: str) -> None:
    conn.execute(delete(webhook_health).where(webhook_health.c.webhook_id == webhook_id))
    if documents.get(conn, WEBHOOK, webhook_id).state == "live":
        edit = Edit(SYSTEM, now_us, reason)
        documents.transition(conn, WEBHOOK, webhook_id, "paused", edit)


def forget_old(conn: Connection, before_us: int) -> None:
    """Delete what was finished before a moment, or made before it and never could be sent.

    Attempts end within hours: what waits longer is for a receiver that is not live.
    """
    waits = (_d.status == "pending") & (_d.created_at_us < before_us)
    live = [stored.id for stored in documents.live(conn, WEBHOOK)]
    conn.execute(
        delete(webhook_deliveries).where(
            (_d.finished_at_us < before_us) | (waits & _d.webhook_id.not_in(live))
        )
    )


def clear(conn: Connection, offsets: Sequence[int], now_us: int) -> None:
    """Clear the bodies of the deliveries of up to ``IDS_AT_ONCE`` events.

    Those that wait are given up.
    """
    conn.execute(clearing(offsets, now_us))


def clearing(offsets: Sequence[int], now_us: int) -> Update:
    """Return what does it. It asks for offsets alone, so that databases take their index."""
    waits = _d.status == "pending"
    return (
        update(webhook_deliveries)
        .where(_d.event_offset.in_(offsets), _d.body != "")
        .values(
            body="",
            status=case((waits, "failed"), else_=_d.status),
            error=case((waits, ERASED), else_=_d.error),
            finished_at_us=case((waits, now_us), else_=_d.finished_at_us),
        )
    )


def page(
    conn: Connection,
    filters: dict[Literal["webhook_id", "status"], str],
    before: tuple[int, str] | None,
    limit: int,
) -> list[Row[Any]]:
    """Return deliveries, newest first, from before a place on."""
    query = select(webhook_deliveries)
    for name, value in filters.items():
        query = query.where(_d[name] == value)
    if before is not None:
        at_us, last = before
        query = query.where(
            (_d.created_at_us < at_us) | ((_d.created_at_us == at_us) & (_d.id < last))
        )
    return list(conn.execute(query.order_by(_d.created_at_us.desc(), _d.id.desc()).limit(limit)))


def retry(conn: Connection, delivery_id: str, now_us: int) -> Delivery:
    """Make a delivery due now, with all its attempts again.

    Raises NotFound, and Conflict for one whose person was erased: there is nothing left to send.
    """
    values = {"status": "pending", "attempts": 0, "next_at_us": now_us, "finished_at_us": None}
    mine = (_d.id == delivery_id) & (_d.body != "")
    changed = conn.execute(update(webhook_deliveries).where(mine).values(values))
    if changed.rowcount == 0:
        if conn.execute(select(_d.id).where(_d.id == delivery_id)).first() is None:
            raise NotFound
        raise Conflict(_NOTHING_LEFT)
    return view(conn.execute(select(webhook_deliveries).where(_d.id == delivery_id)).one())


def view(row: Row[Any]) -> Delivery:
    """Return a delivery as the API shows it."""
    return Delivery(
        row.id,
        row.webhook_id,
        row.event,
        row.event_offset,
        row.status,
        row.attempts,
        format_rfc3339(row.next_at_us) if row.status == "pending" else None,
        row.response_status,
        row.error,
        format_rfc3339(row.created_at_us),
        None if row.finished_at_us is None else format_rfc3339(row.finished_at_us),
    )
