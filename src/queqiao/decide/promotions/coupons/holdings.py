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
from queqiao.decide.promotions.coupons.tables import holdings, issues
from queqiao.decide.promotions.offers import FOREVER_US
from queqiao.kernel.clock import HOUR_US
from queqiao.kernel.errors import Message, Refused

Origin = Literal["claim", "gift"]

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
    h = holdings.c
    of_customer = and_(h.batch_id == wanted.batch_id, h.customer_id == wanted.customer_id)
    known = conn.execute(
        select(holdings).where(of_customer, h.request_id == wanted.request_id)
    ).first()
    if known is not None:
        return Issued(_holding(known), is_new=False)
    if wanted.most is not None:
        having = conn.execute(select(func.count()).where(of_customer)).scalar_one()
        if having >= wanted.most:
            raise Refused(_LIMIT, reason="claim_limit")
    number = _next_number(conn, wanted)
    values = {name: getattr(wanted, name) for name in ("batch_id", "customer_id", "origin")}
    conn.execute(
        insert(holdings).values(
            **values,
            number=number,
            request_id=wanted.request_id,
            issued_at_us=now_us,
            expires_at_us=wanted.expires_at_us,
        )
    )
    held = Holding(
        wanted.batch_id, number, wanted.customer_id, wanted.origin, now_us, wanted.expires_at_us
    )
    return Issued(held, is_new=True)


def _next_number(conn: Connection, wanted: Issue) -> int:
    """Return the first number that nobody has and that is not void, and step behind it."""
    here = issues.c.batch_id == wanted.batch_id
    known = conn.execute(select(issues.c.next_number).where(here)).scalar()
    number = voids.first_valid(conn, wanted.batch_id, known or 0)
    if number >= wanted.count:
        raise Refused(_GONE, reason="batch_exhausted")
    if known is None:
        conn.execute(insert(issues).values(batch_id=wanted.batch_id, next_number=number + 1))
    else:
        conn.execute(update(issues).where(here).values(next_number=number + 1))
    return number


def find(conn: Connection, batch_id: str, number: int) -> Holding | None:
    """Return who holds a code, None when nobody does."""
    h = holdings.c
    row = conn.execute(select(holdings).where(h.batch_id == batch_id, h.number == number)).first()
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


def issued(conn: Connection, batch_id: str) -> int:
    """Return how many coupons of a batch customers have been given."""
    query = select(func.count()).where(holdings.c.batch_id == batch_id)
    return int(conn.execute(query).scalar_one())


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
