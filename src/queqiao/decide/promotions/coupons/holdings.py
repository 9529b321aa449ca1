"""Personal coupons: who holds which code of a batch, and how one comes to hold it.

Each function works on a connection, inside the one write transaction at a time of the records, so
a batch is never given out twice nor beyond its limits, and a number is given out once.
"""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

import msgspec
from sqlalchemy import Connection, and_, func, insert, or_, select, update
from sqlalchemy.engine import Row

from queqiao.decide.promotions.coupons import voids
from queqiao.decide.promotions.coupons.ranges import Ranges
from queqiao.decide.promotions.coupons.tables import holdings, issues
from queqiao.decide.promotions.offers import FOREVER_US
from queqiao.kernel.clock import HOUR_US
from queqiao.kernel.errors import Message, Refused

Origin = Literal["claim", "gift"]

CUSTOMERS_AT_ONCE = 400
"""Names in one question to the records."""

CLAIM_LIMIT = "claim_limit"
"""Why a customer gets none: there are as many of the batch as one may have."""

_GONE = Message("券已领完", "all coupons of the batch are taken")
_LIMIT = Message("已达到每人可领数量", "the customer has as many as one may claim")


class Holding(msgspec.Struct, frozen=True):
    """A personal coupon. Times are UTC microseconds; ``expires_at_us`` may be ``FOREVER_US``."""

    batch_id: str
    number: int
    customer_id: str
    origin: Origin
    issued_at_us: int
    expires_at_us: int = FOREVER_US


class Issue(msgspec.Struct, frozen=True):
    """A coupon to be given to a customer. ``request_id`` makes a retry get the first one.

    ``most``: how many of the batch the customer may have by then; None: the giver decides.
    """

    batch_id: str
    count: int
    customer_id: str
    origin: Origin
    request_id: str
    expires_at_us: int
    most: int | None = None


class Issued(NamedTuple):
    """The coupon that was given, and whether by this call: a retry finds it given."""

    holding: Holding
    is_new: bool


def issue(conn: Connection, wanted: Issue, now_us: int) -> Issued:
    """Give the next code of the batch. Raises Refused: ``batch_exhausted``, ``claim_limit``."""
    (answer,) = issue_all(conn, [wanted], now_us)
    if isinstance(answer, Refused):
        raise answer
    return answer


def issue_all(conn: Connection, wanted: Sequence[Issue], now_us: int) -> list[Issued | Refused]:
    """Give one after the other, as ``issue`` does, for few statements in all."""
    issuing = _Issuing(conn, wanted, now_us)
    answers = [issuing.give(one) for one in wanted]
    issuing.store()
    return answers


class _Issuing:
    """Codes given in one transaction: what customers have, and the next number of each batch."""

    def __init__(self, conn: Connection, wanted: Sequence[Issue], now_us: int) -> None:
        self._conn = conn
        self._now_us = now_us
        self._having: dict[tuple[str, str], dict[str, Holding]] = {}
        self._batches: dict[str, _Numbers] = {}
        self._fresh: list[dict[str, object]] = []
        for batch_id in dict.fromkeys(one.batch_id for one in wanted):
            customers = [one.customer_id for one in wanted if one.batch_id == batch_id]
            self._load(batch_id, customers)

    def _load(self, batch_id: str, customers: Sequence[str]) -> None:
        self._batches[batch_id] = _Numbers.of(self._conn, batch_id)
        base = select(holdings).where(holdings.c.batch_id == batch_id)
        for start in range(0, len(customers), CUSTOMERS_AT_ONCE):
            some = customers[start : start + CUSTOMERS_AT_ONCE]
            for row in self._conn.execute(base.where(holdings.c.customer_id.in_(some))):
                having = self._having.setdefault((batch_id, row.customer_id), {})
                having[row.request_id] = _holding(row)

    def give(self, wanted: Issue) -> Issued | Refused:
        having = self._having.setdefault((wanted.batch_id, wanted.customer_id), {})
        known = having.get(wanted.request_id)
        if known is not None:
            return Issued(known, is_new=False)
        if wanted.most is not None and len(having) >= wanted.most:
            return Refused(_LIMIT, reason=CLAIM_LIMIT)
        numbers = self._batches[wanted.batch_id]
        if numbers.next >= wanted.count:
            return Refused(_GONE, reason="batch_exhausted")
        held = self._held(wanted, numbers.take())
        having[wanted.request_id] = held
        self._fresh.append({**msgspec.structs.asdict(held), "request_id": wanted.request_id})
        return Issued(held, is_new=True)

    def _held(self, wanted: Issue, number: int) -> Holding:
        return Holding(
            wanted.batch_id,
            number,
            wanted.customer_id,
            wanted.origin,
            self._now_us,
            wanted.expires_at_us,
        )

    def store(self) -> None:
        if self._fresh:
            self._conn.execute(insert(holdings), self._fresh)
        for batch_id, numbers in self._batches.items():
            numbers.store(self._conn, batch_id)


class _Numbers:
    """The first number of a batch that nobody has and that is not void."""

    def __init__(self, begun: int | None, void: Ranges) -> None:
        self._begun = begun
        self._void = void
        self.next = void.first_outside(begun or 0)

    @classmethod
    def of(cls, conn: Connection, batch_id: str) -> "_Numbers":
        query = select(issues.c.next_number).where(issues.c.batch_id == batch_id)
        void = Ranges((one.first_number, one.end_number) for one in voids.of_batch(conn, batch_id))
        return cls(conn.execute(query).scalar(), void)

    def take(self) -> int:
        number, self.next = self.next, self._void.first_outside(self.next + 1)
        return number

    def store(self, conn: Connection, batch_id: str) -> None:
        if self._begun is None:
            conn.execute(insert(issues).values(batch_id=batch_id, next_number=self.next))
        elif self.next != self._begun:
            here = issues.c.batch_id == batch_id
            conn.execute(update(issues).where(here).values(next_number=self.next))


def find(conn: Connection, batch_id: str, number: int) -> Holding | None:
    """Return who holds a code, None when nobody does."""
    h = holdings.c
    row = conn.execute(select(holdings).where(h.batch_id == batch_id, h.number == number)).first()
    return None if row is None else _holding(row)


def of_request(conn: Connection, customer_id: str, request_id: str) -> Holding | None:
    """Return the coupon that a customer was given under a request, of whichever batch."""
    h = holdings.c
    here = and_(h.customer_id == customer_id, h.request_id == request_id)
    row = conn.execute(select(holdings).where(here)).first()
    return None if row is None else _holding(row)


def of_customer(
    conn: Connection, customer_id: str, after: tuple[int, str, int] | None, limit: int
) -> list[Holding]:
    """Return a customer's coupons, newest first, behind a place (issued at, batch, number)."""
    h = holdings.c
    query = select(holdings).where(h.customer_id == customer_id)
    if after is not None:
        at_us, batch_id, number = after
        same = and_(h.issued_at_us == at_us, h.batch_id == batch_id, h.number < number)
        earlier = and_(h.issued_at_us == at_us, h.batch_id < batch_id)
        query = query.where(or_(h.issued_at_us < at_us, earlier, same))
    order = (h.issued_at_us.desc(), h.batch_id.desc(), h.number.desc())
    return [_holding(row) for row in conn.execute(query.order_by(*order).limit(limit))]


def extend(conn: Connection, held: Holding, expires_at_us: int) -> None:
    """Let a coupon be good until then, if that is later."""
    h = holdings.c
    here = and_(h.batch_id == held.batch_id, h.number == held.number)
    later = h.expires_at_us < expires_at_us
    conn.execute(update(holdings).where(here, later).values(expires_at_us=expires_at_us))


def end(conn: Connection, batch_id: str, number: int, now_us: int) -> None:
    """Let a coupon be good no longer; one that was used stays used."""
    h = holdings.c
    here = and_(h.batch_id == batch_id, h.number == number, h.expires_at_us > now_us)
    conn.execute(update(holdings).where(here).values(expires_at_us=now_us))


def issued(conn: Connection, batch_id: str) -> int:
    """Return how many coupons of a batch customers have been given."""
    query = select(func.count()).where(holdings.c.batch_id == batch_id)
    return int(conn.execute(query).scalar_one())


def has_more(conn: Connection, batch_id: str, count: int) -> bool:
    """Say whether a batch of ``count`` codes has one left that nobody has and that is not void."""
    return _Numbers.of(conn, batch_id).next < count


def expiring(conn: Connection, batch_id: str, now_us: int) -> dict[int, int]:
    """Return how many coupons of a batch have expired by now, by the moment that they did."""
    h = holdings.c
    query = select(h.expires_at_us, func.count()).where(
        h.batch_id == batch_id, h.expires_at_us <= now_us
    )
    rows = conn.execute(query.group_by(h.expires_at_us)).all()
    return {row[0]: row[1] for row in rows}


def expired_within(
    conn: Connection, batch_id: str, ranges: Iterable[tuple[int, int]], now_us: int
) -> Sequence[int]:
    """Return the numbers of expired coupons that lie in the ranges."""
    h = holdings.c
    base = select(h.number).where(h.batch_id == batch_id, h.expires_at_us <= now_us)
    return [
        number
        for first, end in ranges
        for number in conn.execute(base.where(h.number >= first, h.number < end)).scalars()
    ]


def forget(conn: Connection, customers: Sequence[str]) -> int:
    """Let nobody hold what these customers held, and keep no name of theirs; return how many.

    The codes stay issued, so that no count changes; nobody can use them any more.
    """
    h = holdings.c
    mine = select(h.batch_id, h.number).where(h.customer_id.in_(customers))
    found = conn.execute(mine).all()
    for batch_id, number in found:
        here = and_(h.batch_id == batch_id, h.number == number)
        request_id = f"erased:{number}"
        conn.execute(update(holdings).where(here).values(customer_id="", request_id=request_id))
    return len(found)


def _holding(row: Row[tuple[object, ...]]) -> Holding:
    return Holding(
        row.batch_id,
        row.number,
        row.customer_id,
        row.origin,
        row.issued_at_us,
        row.expires_at_us,
    )


def whole_hour(at_us: int) -> int:
    """Return the end of the hour: coupons had in the same hour expire together."""
    return -(-at_us // HOUR_US) * HOUR_US
