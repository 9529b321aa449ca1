"""Members and referrals, as the records hold them. Each function is one transaction or less."""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, and_, func, insert, or_, select, update
from sqlalchemy.engine import Row

from queqiao.decide.promotions.referrals.tables import members, referrals

State = Literal[
    "accepted", "refused", "ordered", "rewarded", "limited", "lapsed", "reversing", "reversed"
]
STATES: tuple[State, ...] = (
    "accepted", "refused", "ordered", "rewarded", "limited", "lapsed", "reversing", "reversed",
)  # fmt: skip
STANDING: tuple[State, ...] = ("accepted", "ordered", "rewarded", "limited", "reversing")
"""A newcomer that came; the others came to nothing."""
CHAIN_MAX = 32
"""How far a chain of who brought whom is followed."""
_m, _r = members.c, referrals.c


class Member(msgspec.Struct, frozen=True):
    """A member. See the table for its fields."""

    programme_id: str
    number: int
    customer_id: str
    joined_at_us: int
    device: str = ""
    address: str = ""


class Referral(msgspec.Struct, frozen=True):
    """A newcomer by a member's code. See the table for its fields."""

    id: str
    programme_id: str
    number: int
    newcomer_id: str
    state: State
    accepted_at_us: int
    ends_us: int
    signal: str = ""
    device: str = ""
    address: str = ""
    redemption_id: str = ""
    due_us: int = 0
    reward_of: str = ""
    reward_type: str = ""
    reward_amount: int = 0
    rewarded_at_us: int = 0


def member(conn: Connection, programme_id: str, number: int) -> Member | None:
    """Return a member by number."""
    here = and_(_m.programme_id == programme_id, _m.number == number)
    row = conn.execute(select(members).where(here)).first()
    return None if row is None else Member(**row._mapping)  # noqa: SLF001  # a row by name


def member_of(conn: Connection, programme_id: str, customer_id: str) -> Member | None:
    """Return a customer as a member."""
    here = and_(_m.programme_id == programme_id, _m.customer_id == customer_id)
    row = conn.execute(select(members).where(here)).first()
    return None if row is None else Member(**row._mapping)  # noqa: SLF001  # likewise


def join(conn: Connection, wanted: Member) -> Member:
    """Return the member, with the next number if there is none; the device and address are new."""
    known = member_of(conn, wanted.programme_id, wanted.customer_id)
    if known is None:
        here = _m.programme_id == wanted.programme_id
        last = conn.execute(select(func.max(_m.number)).where(here)).scalar()
        fresh = msgspec.structs.replace(wanted, number=0 if last is None else last + 1)
        conn.execute(insert(members).values(msgspec.structs.asdict(fresh)))
        return fresh
    device, address = wanted.device or known.device, wanted.address or known.address
    if (device, address) != (known.device, known.address):
        here = and_(_m.programme_id == known.programme_id, _m.number == known.number)
        conn.execute(update(members).where(here).values(device=device, address=address))
    return msgspec.structs.replace(known, device=device, address=address)


def find(conn: Connection, referral_id: str) -> Referral | None:
    """Return a referral by its id."""
    row = conn.execute(select(referrals).where(_r.id == referral_id)).first()
    return None if row is None else _referral(row)


def add(conn: Connection, fresh: Referral) -> None:
    """Store a referral; one that was refused before is tried anew in its place."""
    conn.execute(referrals.delete().where(_r.id == fresh.id))
    conn.execute(insert(referrals).values(msgspec.structs.asdict(fresh)))


def change(conn: Connection, was: Referral, **values: object) -> bool:
    """Change a referral unless another call was first; say whether it was changed."""
    here = and_(_r.id == was.id, _r.state == was.state, _r.redemption_id == was.redemption_id)
    return bool(conn.execute(update(referrals).where(here).values(**values)).rowcount)


def accepted_of(conn: Connection, newcomer_id: str, now_us: int) -> list[Referral]:
    """Return what waits for a newcomer's first order."""
    here = and_(_r.newcomer_id == newcomer_id, _r.state == "accepted", _r.ends_us > now_us)
    return [_referral(row) for row in conn.execute(select(referrals).where(here))]


def of_order(conn: Connection, redemption_id: str) -> list[Referral]:
    """Return the referrals whose first order it is."""
    here = _r.redemption_id == redemption_id
    return [_referral(row) for row in conn.execute(select(referrals).where(here))]


def due(conn: Connection, now_us: int, limit: int) -> list[Referral]:
    """Return what is to be rewarded, reversed or given up by now, the longest due first."""
    order = and_(_r.state == "ordered", _r.due_us <= now_us)
    lapsed = and_(_r.state == "accepted", _r.due_us <= now_us)
    here = or_(order, lapsed, _r.state == "reversing")
    rows = conn.execute(select(referrals).where(here).order_by(_r.due_us).limit(limit))
    return [_referral(row) for row in rows]


def shares_device(conn: Connection, programme_id: str, device: str, but_for: str) -> bool:
    """Say whether a member or another newcomer of the programme has the device."""
    theirs = and_(
        _r.programme_id == programme_id, _r.device == device, _r.id != but_for,
        _r.state.in_(STANDING),
    )  # fmt: skip
    if conn.execute(select(_r.id).where(theirs).limit(1)).first() is not None:
        return True
    ours = and_(_m.programme_id == programme_id, _m.device == device)
    return conn.execute(select(_m.number).where(ours).limit(1)).first() is not None


def at_address(
    conn: Connection, programme_id: str, address: str, since_us: int, but_for: str
) -> int:
    """Return how many other newcomers came from an address since a moment."""
    here = and_(
        _r.programme_id == programme_id, _r.address == address, _r.accepted_at_us >= since_us,
        _r.id != but_for, _r.state.in_(STANDING),
    )  # fmt: skip
    return int(conn.execute(select(func.count()).where(here)).scalar_one())


def brought(conn: Connection, programme_id: str, customer_id: str) -> list[str]:
    """Return who brought a customer, who brought them, and so on."""
    chain: list[str] = []
    while len(chain) < CHAIN_MAX:
        here = and_(
            _r.programme_id == programme_id, _r.newcomer_id == customer_id,
            _r.state.in_(STANDING),
        )  # fmt: skip
        row = conn.execute(select(_r.number).where(here)).first()
        by = None if row is None else member(conn, programme_id, row.number)
        if by is None or not by.customer_id or by.customer_id in chain:
            break
        customer_id = by.customer_id
        chain.append(customer_id)
    return chain


def page(
    conn: Connection,
    programme_id: str,
    state: State | None,
    after: tuple[int, str] | None,
    limit: int,
) -> list[Referral]:
    """Return referrals of a programme, newest first, behind a place."""
    here = _r.programme_id == programme_id
    if state is not None:
        here = and_(here, _r.state == state)
    if after is not None:
        at_us, name = after
        same = and_(_r.accepted_at_us == at_us, _r.id < name)
        here = and_(here, or_(_r.accepted_at_us < at_us, same))
    order = (_r.accepted_at_us.desc(), _r.id.desc())
    rows = conn.execute(select(referrals).where(here).order_by(*order).limit(limit))
    return [_referral(row) for row in rows]


def counts(conn: Connection, programme_id: str, number: int | None = None) -> dict[State, int]:
    """Return how many referrals there are by state."""
    here = _r.programme_id == programme_id
    if number is not None:
        here = and_(here, _r.number == number)
    rows = conn.execute(select(_r.state, func.count()).where(here).group_by(_r.state))
    return {row[0]: int(row[1]) for row in rows}


def signals(conn: Connection, programme_id: str) -> dict[str, int]:
    """Return how many were refused by what gave them away."""
    here = and_(_r.programme_id == programme_id, _r.state == "refused")
    rows = conn.execute(select(_r.signal, func.count()).where(here).group_by(_r.signal))
    return {row[0]: int(row[1]) for row in rows}


def given(conn: Connection, programme_id: str) -> dict[str, tuple[int, int]]:
    """Return by type how many rewards members have, and how much in all (of coupons: 0)."""
    here = and_(_r.programme_id == programme_id, _r.state == "rewarded")
    amount = func.sum(_r.reward_amount)
    rows = conn.execute(select(_r.reward_type, func.count(), amount).where(here).group_by(
        _r.reward_type
    ))  # fmt: skip
    return {row[0]: (int(row[1]), 0 if row[0] == "coupon" else int(row[2])) for row in rows}


def member_count(conn: Connection, programme_id: str) -> int:
    """Return how many customers have a code."""
    here = _m.programme_id == programme_id
    return int(conn.execute(select(func.count()).where(here)).scalar_one())


def forget(conn: Connection, customers: Sequence[str]) -> int:
    """Keep no name, device or address of these customers; counts stay as they were."""
    blank = {"device": "", "address": ""}
    here = _m.customer_id.in_(customers)
    gone = conn.execute(update(members).where(here).values(customer_id="", **blank)).rowcount
    here = _r.newcomer_id.in_(customers)
    return (
        gone + conn.execute(update(referrals).where(here).values(newcomer_id="", **blank)).rowcount
    )


def _referral(row: Row[Any]) -> Referral:
    return Referral(**row._mapping)  # noqa: SLF001  # a row by name
