"""Engagements in the records: each step is one transaction, so a seat is taken once.

A group has few seats and its members are rows anyway, so they are counted where they stand: an
update takes the next number only while there is one, and the row of a customer is unique.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, String, and_, cast, func, insert, literal, select, update
from sqlalchemy.engine import Row

from queqiao.decide.promotions.documents.mechanic import Bargain, GroupBuy, Mechanic, Presale
from queqiao.decide.promotions.engagements.stages import Engagement, Step, cut_of
from queqiao.decide.promotions.engagements.tables import engagements, steps
from queqiao.kernel.errors import Message, NotFound, Refused

ERASED = "erased" + "." * 100
"""Begins what stands for an erased customer: longer than any name from outside may be."""

_NO = Message("现在不能参加", "it cannot be joined now")
_e, _s = engagements.c, steps.c


def get(conn: Connection, engagement_id: str) -> Engagement:
    """Return an engagement. Raises NotFound."""
    row = conn.execute(select(engagements).where(_e.id == engagement_id)).first()
    if row is None:
        raise NotFound
    return _read(conn, row)


def find(conn: Connection, ids: tuple[str, ...]) -> list[Engagement]:
    """Return those of the ids that there are."""
    rows = conn.execute(select(engagements).where(_e.id.in_(ids))).all()
    return [_read(conn, row) for row in rows]


def begin(conn: Connection, made: Engagement, joins_max: int | None) -> Engagement:
    """Store a new engagement, the opener's seat of a group with it; again, it is found.

    Raises Refused when the customer has begun or joined as many of the promotion as it allows.
    """
    known = conn.execute(select(engagements).where(_e.id == made.id)).first()
    if known is not None:
        return _read(conn, known)
    _check_joins(conn, made.promotion_id, made.customer_id, joins_max)
    conn.execute(
        insert(engagements).values(
            id=made.id,
            promotion_id=made.promotion_id,
            customer_id=made.customer_id,
            rules=msgspec.json.encode(made.rules).decode(),
            price_minor=made.price_minor,
            seed=made.seed,
            steps=0,
            started_at_us=made.started_at_us,
            expires_at_us=made.expires_at_us,
            told_at_us=None,
        )
    )
    if isinstance(made.rules, GroupBuy):
        return step(conn, made.id, made.customer_id, made.started_at_us)
    return get(conn, made.id)


def step(conn: Connection, engagement_id: str, customer_id: str, now_us: int) -> Engagement:
    """Take a seat, or cut; who has done so already changes nothing.

    Raises NotFound, and Refused with its reason when it is full, over, or not for this customer.
    """
    found = get(conn, engagement_id)
    if any(one.customer_id == customer_id for one in found.steps):
        return found
    _check_step(conn, found, customer_id, now_us)
    number = _next(conn, found)
    amount = 0
    if isinstance(found.rules, Bargain):
        left = get(conn, engagement_id).now_costs - found.rules.floor
        amount = cut_of(found.rules, left, number, found.seed)
    row = {
        "engagement_id": engagement_id,
        "number": number,
        "customer_id": customer_id,
        "amount_minor": amount,
        "at_us": now_us,
    }
    conn.execute(insert(steps).values(row))
    return get(conn, engagement_id)


def over(conn: Connection, now_us: int, most: int) -> list[Engagement]:
    """Return what has expired and nobody was told of."""
    here = and_(_e.told_at_us.is_(None), _e.expires_at_us <= now_us)
    rows = conn.execute(select(engagements).where(here).order_by(_e.expires_at_us).limit(most))
    return [_read(conn, row) for row in rows.all()]


def told(conn: Connection, ids: tuple[str, ...], now_us: int) -> None:
    """Remember that their end was told."""
    conn.execute(update(engagements).where(_e.id.in_(ids)).values(told_at_us=now_us))


def forget(conn: Connection, customers: Sequence[str]) -> int:
    """Keep no name of these customers; return how many rows held one.

    Their seats and cuts stay, so that no group shrinks and no price rises: each under a name that
    no two seats of an engagement share.
    """
    begun = update(engagements).where(_e.customer_id.in_(customers)).values(customer_id="")
    erased = literal(ERASED).concat(cast(_s.number, String))
    taken = update(steps).where(_s.customer_id.in_(customers)).values(customer_id=erased)
    return conn.execute(begun).rowcount + conn.execute(taken).rowcount


def _next(conn: Connection, found: Engagement) -> int:
    """Take the next number; the row is locked from here on. Raises Refused when there is none."""
    most = found.rules.size if isinstance(found.rules, GroupBuy) else _helpers(found.rules)
    here = and_(_e.id == found.id, _e.steps < most)
    taken = conn.execute(update(engagements).where(here).values(steps=_e.steps + 1))
    if not taken.rowcount:
        raise Refused(_NO, reason="engagement_full")
    return int(conn.execute(select(_e.steps).where(_e.id == found.id)).scalar_one())


def _helpers(rules: Mechanic) -> int:
    return rules.helpers if isinstance(rules, Bargain) else 0


def _check_step(conn: Connection, found: Engagement, customer_id: str, now_us: int) -> None:
    if isinstance(found.rules, Presale):
        raise Refused(_NO, reason="engagement_of_another")
    if found.stage(now_us) == "expired":
        raise Refused(_NO, reason="engagement_expired")
    if isinstance(found.rules, GroupBuy):
        limit = found.rules.joins_per_customer
        _check_joins(conn, found.promotion_id, customer_id, limit)
    elif customer_id == found.customer_id:
        raise Refused(_NO, reason="own_bargain")


def _check_joins(
    conn: Connection, promotion_id: str, customer_id: str, joins_max: int | None
) -> None:
    if joins_max is None:
        return
    joined = engagements.join(steps, _s.engagement_id == _e.id)
    here = and_(_e.promotion_id == promotion_id, _s.customer_id == customer_id)
    count = conn.execute(select(func.count()).select_from(joined).where(here)).scalar_one()
    if count >= joins_max:
        raise Refused(_NO, reason="joins_used_up")


def _read(conn: Connection, row: Row[Any]) -> Engagement:
    found = conn.execute(select(steps).where(_s.engagement_id == row.id).order_by(_s.number)).all()
    rules: Mechanic = msgspec.json.decode(row.rules, type=Mechanic)
    return Engagement(
        row.id,
        row.promotion_id,
        row.customer_id,
        rules,
        row.price_minor,
        row.seed,
        row.started_at_us,
        row.expires_at_us,
        [Step(_name(one.customer_id), one.amount_minor, one.at_us) for one in found],
    )


def _name(stored: str) -> str:
    """Return whose seat it is, empty for an erased customer."""
    return "" if stored.startswith(ERASED) else stored
