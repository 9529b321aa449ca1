"""Coupons given out: to customers named one by one, or to all members of a segment.

A giving to a segment is a row of the records, and works through the members some hundred at a
time, each time in one transaction with its progress: killed at any moment, it goes on where it was,
and nobody is given twice.
"""

from collections.abc import Sequence
from functools import partial
from typing import Literal

import msgspec
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.engine import Row

from queqiao.decide.promotions.coupons import events, holdings
from queqiao.decide.promotions.coupons.claims import expiry_us
from queqiao.decide.promotions.coupons.code_book import Batch
from queqiao.decide.promotions.coupons.holdings import CLAIM_LIMIT, Holding, Issue, Issued
from queqiao.decide.promotions.coupons.operators import compiled
from queqiao.decide.promotions.coupons.tables import gifts
from queqiao.kernel.clock import Clock
from queqiao.kernel.errors import NotFound, Refused
from queqiao.ports.event_log.base import EventLog
from queqiao.ports.records import artifacts
from queqiao.ports.records.base import Records
from queqiao.profile.contracts import ARTIFACT_PREFIX, SegmentArtifact

AT_ONCE = 500
"""Coupons of one transaction: some tenths of a second of the records' one writer."""

GiftState = Literal["queued", "running", "done", "failed", "cancelled"]


class Gift(msgspec.Struct, frozen=True):
    """A giving of a batch's coupons. ``segment_id`` is empty where customers were named.

    ``reason`` says why it failed: ``batch_exhausted``.
    """

    id: str
    batch_id: str
    segment_id: str
    state: GiftState
    total: int
    given: int
    reason: str
    created_at_us: int
    created_by: str
    finished_at_us: int | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing will change any more."""
        return self.state in {"done", "failed", "cancelled"}


def create(conn: Connection, gift: Gift) -> Gift:
    """Store a giving; one of the same id is the one that was stored first."""
    known = conn.execute(select(gifts).where(gifts.c.id == gift.id)).first()
    if known is not None:
        return _gift(known)
    conn.execute(insert(gifts).values(msgspec.structs.asdict(gift)))
    return gift


def get(conn: Connection, batch_id: str, gift_id: str) -> Gift:
    """Return a giving of a batch. Raises NotFound."""
    g = gifts.c
    row = conn.execute(select(gifts).where(g.id == gift_id, g.batch_id == batch_id)).first()
    if row is None:
        raise NotFound
    return _gift(row)


def of_batch(conn: Connection, batch_id: str, limit: int) -> list[Gift]:
    """Return the latest givings of a batch, newest first."""
    g = gifts.c
    query = select(gifts).where(g.batch_id == batch_id)
    return [_gift(row) for row in conn.execute(query.order_by(g.created_at_us.desc()).limit(limit))]


def cancel(conn: Connection, batch_id: str, gift_id: str, now_us: int) -> Gift:
    """End a giving; what was given stays. Raises NotFound."""
    gift = get(conn, batch_id, gift_id)
    if not gift.is_over:
        gift = _changed(conn, gift, state="cancelled", finished_at_us=now_us)
    return gift


def give(
    conn: Connection, batch: Batch, customers: Sequence[str], gift_id: str, now_us: int
) -> tuple[list[Holding], Refused | None]:
    """Give each customer one coupon; return the new ones, and why the batch gave no more.

    Who has as many of the batch as one may have gets none.
    """
    ends_us, request_id = expiry_us(batch, now_us), f"gift:{gift_id}"
    most = None if batch.personal is None else batch.personal.per_customer
    wanted = [
        Issue(batch.id, batch.count, customer_id, "gift", request_id, ends_us, most)
        for customer_id in customers
    ]
    answers = holdings.issue_all(conn, wanted, now_us)
    given = [one.holding for one in answers if isinstance(one, Issued) and one.is_new]
    refused = (one for one in answers if isinstance(one, Refused))
    return given, next((one for one in refused if one.reason != CLAIM_LIMIT), None)


class Giver:
    """Works through givings to segments, oldest first."""

    def __init__(self, records: Records, event_log: EventLog, secret: bytes, clock: Clock) -> None:
        self._records = records
        self._event_log = event_log
        self._secret = secret
        self._clock = clock

    async def run(self) -> None:
        """Give out what is waiting."""
        for gift in await self._records.read(_waiting):
            batch, members = await self._records.read(partial(self._of, gift))
            await self._work(gift, batch, members)

    def _of(self, gift: Gift, conn: Connection) -> tuple[Batch, Sequence[str]]:
        return compiled(conn, gift.batch_id, self._secret), members_of(conn, gift)

    async def _work(self, gift: Gift, batch: Batch, members: Sequence[str]) -> None:
        """Give to the members piece by piece until the giving is over."""
        for start in range(0, len(members) + 1, AT_ONCE):
            piece = Piece(gift, batch, members, start, self._clock.now_us())
            gift, given = await self._records.write(partial(_step, piece))
            told = [events.of_issue(one, batch.code(one.number), batch.name) for one in given]
            if told:
                await self._event_log.append(told)
            if gift.is_over:
                return


class Piece(msgspec.Struct, frozen=True):
    """The members from ``start`` on that are given to in one transaction."""

    gift: Gift
    batch: Batch
    members: Sequence[str]
    start: int
    now_us: int


def members_of(conn: Connection, gift: Gift) -> Sequence[str]:
    """Return the members of the giving's segment as they are now, in order."""
    found = artifacts.get(conn, ARTIFACT_PREFIX + gift.segment_id)
    if found is None:
        return ()
    return msgspec.msgpack.decode(found[1], type=SegmentArtifact).members


def _step(piece: Piece, conn: Connection) -> tuple[Gift, list[Holding]]:
    """Give a piece of the members their coupons, and note how far it is."""
    gift = get(conn, piece.gift.batch_id, piece.gift.id)
    if gift.is_over:
        return gift, []
    end, total = piece.start + AT_ONCE, len(piece.members)
    some = piece.members[piece.start : end]
    given, refused = give(conn, piece.batch, some, gift.id, piece.now_us)
    changes: dict[str, object] = {"state": "running", "total": total}
    over: dict[str, object] = {"finished_at_us": piece.now_us}
    if refused is not None:
        changes |= {**over, "state": "failed", "reason": refused.reason or ""}
    elif end > total:
        changes |= {**over, "state": "done"}
    return _changed(conn, gift, given=gift.given + len(given), **changes), given


def _waiting(conn: Connection) -> list[Gift]:
    g = gifts.c
    query = select(gifts).where(g.state.in_(("queued", "running"))).order_by(g.created_at_us)
    return [_gift(row) for row in conn.execute(query)]


def _changed(conn: Connection, gift: Gift, **values: object) -> Gift:
    conn.execute(update(gifts).where(gifts.c.id == gift.id).values(**values))
    return msgspec.structs.replace(gift, **values)


def _gift(row: Row[tuple[object, ...]]) -> Gift:
    return Gift(**row._mapping)  # noqa: SLF001  # SQLAlchemy's own word for the row by name
