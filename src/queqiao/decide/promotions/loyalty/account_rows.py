"""Points accounts and their movements, as the records hold them. Each function is one transaction.

A movement is noted before the ledger does it and marked when it has; its id says what it is of, so
whoever notes it again finds the first.
"""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import msgspec
from sqlalchemy import Connection, and_, func, insert, or_, select, update
from sqlalchemy.engine import Row

from queqiao.decide.promotions.loyalty.tables import accounts, moves

Kind = Literal["earned", "spent", "returned", "taken_back", "adjusted", "expired", "written_off"]
State = Literal["pending", "begun", "done", "refused"]
_a, _m = accounts.c, moves.c


class Account(msgspec.Struct, frozen=True):
    """An account. See the table for its fields."""

    id: str
    programme_id: str
    customer_id: str
    opened_at_us: int
    moves: int = 0
    version: int = 0
    first_move: int = 1
    debt: int = 0
    repaying: int = 0
    repayments: int = 0
    score: int = 0
    tier: str = ""
    due_us: int = 0


class Move(msgspec.Struct, frozen=True):
    """A movement. See the table for its fields; one that is not noted yet has number 0."""

    account_id: str
    id: str
    programme_id: str
    kind: Kind
    amount: int
    at_us: int
    day: str
    state: State
    number: int = 0
    spend_minor: int = 0
    order_id: str = ""
    redemption_id: str = ""
    available_at_us: int = 0
    expires_at_us: int = 0
    lot: int = 0
    reason: str = ""
    actor: str = ""


class Standing(NamedTuple):
    """An account with what is under way on it (begun, or due by now) and its lots."""

    account: Account
    under_way: bool
    lots: list[Move]


def find(conn: Connection, account_id: str) -> Account | None:
    """Return an account, None when it was never opened."""
    row = conn.execute(select(accounts).where(_a.id == account_id)).first()
    return None if row is None else _account(row)


def of_customer(conn: Connection, programme_id: str, customer_id: str) -> Account | None:
    """Return the account of a customer in a programme."""
    here = and_(_a.programme_id == programme_id, _a.customer_id == customer_id)
    row = conn.execute(select(accounts).where(here)).first()
    return None if row is None else _account(row)


def opened(conn: Connection, fresh: Account) -> Account:
    """Return the account of that id, opened now if there is none.

    The account of an erased customer begins anew: what was before shows to nobody.
    """
    known = find(conn, fresh.id)
    if known is None:
        conn.execute(insert(accounts).values(msgspec.structs.asdict(fresh)))
        return fresh
    if not known.customer_id and fresh.customer_id:
        again = {"customer_id": fresh.customer_id, "first_move": known.moves + 1}
        _change(conn, known.id, **again)
        return msgspec.structs.replace(known, **again)
    return known


def note(conn: Connection, account: Account, wanted: Sequence[Move]) -> list[Move]:
    """Note movements of an account; return them as they stand, those noted before as they were."""
    found: list[Move] = []
    number = account.moves
    for move in wanted:
        known = conn.execute(select(moves).where(_m.id == move.id)).first()
        if known is not None:
            found.append(_move(known))
            continue
        number += 1
        numbered = msgspec.structs.replace(move, number=number)
        conn.execute(insert(moves).values(msgspec.structs.asdict(numbered)))
        found.append(numbered)
    if number > account.moves:
        _change(conn, account.id, moves=number, due_us=0)
    return found


def standing(conn: Connection, account_id: str, now_us: int) -> Standing | None:
    """Return how an account stands, None when there is none."""
    account = find(conn, account_id)
    if account is None:
        return None
    due = and_(_m.state == "pending", _m.available_at_us <= now_us)
    here = and_(_m.account_id == account_id, or_(_m.state == "begun", due))
    under_way = conn.execute(select(_m.number).where(here).limit(1)).first() is not None
    return Standing(account, under_way, lots(conn, account_id))


def lots(conn: Connection, account_id: str) -> list[Move]:
    """Return the lots that have not expired, those that expire first first."""
    here = and_(_m.account_id == account_id, _m.lot > 0)
    order = (_m.expires_at_us, _m.number)
    return [_move(row) for row in conn.execute(select(moves).where(here).order_by(*order))]


def take_up(conn: Connection, account_id: str, now_us: int) -> list[Move]:
    """Begin what is due by now; return everything that is begun, in its order."""
    due = and_(_m.account_id == account_id, _m.state == "pending", _m.available_at_us <= now_us)
    conn.execute(update(moves).where(due).values(state="begun"))
    here = and_(_m.account_id == account_id, _m.state == "begun")
    return [_move(row) for row in conn.execute(select(moves).where(here).order_by(_m.number))]


def finish(conn: Connection, move: Move, state: State, *, owed: bool = False) -> None:
    """Say what became of a movement that was begun; ``owed``: the account owes it now."""
    here = and_(_m.id == move.id, _m.state == "begun")
    if conn.execute(update(moves).where(here).values(state=state)).rowcount:
        more = -move.amount if owed else 0
        _change(conn, move.account_id, debt=_a.debt + more)


def note_if_same(conn: Connection, account: Account, wanted: Sequence[Move]) -> bool:
    """Note movements unless anything has changed on the account since it was read."""
    now = find(conn, account.id)
    if now is None or now.version != account.version:
        return False
    note(conn, now, wanted)
    return True


def close_lots(conn: Connection, account: Account, closed: Sequence[Move]) -> None:
    """Close lots that have expired."""
    numbers = [lot.number for lot in closed]
    here = and_(_m.account_id == account.id, _m.number.in_(numbers))
    conn.execute(update(moves).where(here).values(lot=0))
    _change(conn, account.id, due_us=0)


def shrink_pending(conn: Connection, account_id: str, redemption_id: str, most: int) -> int:
    """Take points out of what an order earned and cannot be used yet; return how many."""
    here = and_(
        _m.account_id == account_id,
        _m.redemption_id == redemption_id,
        _m.kind == "earned",
        _m.state == "pending",
    )
    row = conn.execute(select(moves).where(here)).first()
    taken = 0 if row is None else min(most, int(row.lot))
    if row is not None and taken:
        conn.execute(update(moves).where(_m.id == row.id).values(lot=_m.lot - taken))
    return taken


def begin_repayment(conn: Connection, account: Account, most: int) -> Account | None:
    """Put a part of the debt on its way; None when the account has changed since."""
    now = find(conn, account.id)
    if now is None or now.version != account.version:
        return None
    _change(conn, account.id, repaying=min(now.debt, most))
    return find(conn, account.id)


def end_repayment(conn: Connection, account: Account, *, done: bool) -> None:
    """Say whether what was on its way of the debt was paid."""
    here = and_(_a.id == account.id, _a.repayments == account.repayments)
    paid = account.repaying if done else 0
    values = {"debt": _a.debt - paid, "repaying": 0, "repayments": _a.repayments + 1}
    conn.execute(update(accounts).where(here).values(version=_a.version + 1, **values))


def scoring(conn: Connection, account: Account, since_us: int) -> list[Move]:
    """Return the movements of orders since a moment, from which the tier is reckoned."""
    here = and_(
        _m.account_id == account.id,
        _m.number >= account.first_move,
        _m.kind.in_(("earned", "taken_back")),
        _m.at_us >= since_us,
    )
    return [_move(row) for row in conn.execute(select(moves).where(here).order_by(_m.at_us))]


def store(conn: Connection, account: Account, **values: object) -> Account:
    """Change an account; return it as it is then."""
    _change(conn, account.id, **values)
    after = find(conn, account.id)
    assert after is not None
    return after


def of_order(conn: Connection, account_id: str, redemption_id: str) -> list[Move]:
    """Return the movements of an order on an account in their order."""
    here = and_(_m.redemption_id == redemption_id, _m.account_id == account_id)
    found = conn.execute(select(moves).where(here).order_by(_m.number))
    return [_move(row) for row in found]


def by_id(conn: Connection, move_id: str) -> Move | None:
    """Return a movement, None when it was never noted."""
    row = conn.execute(select(moves).where(_m.id == move_id)).first()
    return None if row is None else _move(row)


def page(conn: Connection, account: Account, before: int | None, limit: int) -> list[Move]:
    """Return movements of points that its customer may see, newest first, behind a number."""
    here = and_(_m.account_id == account.id, _m.number >= account.first_move, _m.amount != 0)
    if before is not None:
        here = and_(here, _m.number < before)
    rows = conn.execute(select(moves).where(here).order_by(_m.number.desc()).limit(limit))
    return [_move(row) for row in rows]


def due(conn: Connection, now_us: int, limit: int) -> list[str]:
    """Return accounts on which the clock has something to do, or that were left half done."""
    query = select(_a.id).where(_a.due_us <= now_us).order_by(_a.due_us).limit(limit)
    return [row[0] for row in conn.execute(query)]


def forget(conn: Connection, customers: Sequence[str]) -> int:
    """Keep no name, order or reason of these customers; what they had is written off in time."""
    theirs = select(_a.id).where(_a.customer_id.in_(customers))
    blank = {"order_id": "", "redemption_id": "", "reason": ""}
    conn.execute(update(moves).where(_m.account_id.in_(theirs)).values(**blank))
    here = update(accounts).where(_a.customer_id.in_(customers))
    return conn.execute(
        here.values(customer_id="", due_us=0, version=_a.version + 1, tier="")
    ).rowcount


def sums(conn: Connection, account_ids: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Return by account the sum of its movements, and what of it cannot be used yet."""
    stands = and_(_m.account_id.in_(account_ids), _m.state != "refused")
    pending = func.sum(_m.lot).filter(_m.state == "pending")
    query = select(_m.account_id, func.sum(_m.amount), func.coalesce(pending, 0))
    rows = conn.execute(query.where(stands).group_by(_m.account_id))
    return {row[0]: (int(row[1]), int(row[2])) for row in rows}


def totals(conn: Connection, programme_id: str) -> tuple[int, int, int]:
    """Return how many accounts there are, the sum of their movements, and what is pending of it."""
    count = select(func.count()).select_from(accounts).where(_a.programme_id == programme_id)
    pending = func.sum(_m.lot).filter(_m.state == "pending")
    query = select(func.coalesce(func.sum(_m.amount), 0), func.coalesce(pending, 0))
    stands = and_(_m.programme_id == programme_id, _m.state != "refused")
    outstanding, waiting = conn.execute(query.where(stands)).one()
    return int(conn.execute(count).scalar_one()), int(outstanding), int(waiting)


def of_kinds(conn: Connection, programme_id: str) -> dict[str, int]:
    """Return the sum of a programme's movements by kind."""
    query = select(_m.kind, func.sum(_m.amount)).where(
        _m.programme_id == programme_id, _m.state != "refused"
    )
    return {row[0]: int(row[1]) for row in conn.execute(query.group_by(_m.kind))}


def of_programme(conn: Connection, programme_id: str, after: str, limit: int) -> list[Account]:
    """Return a programme's accounts behind an id, by id."""
    here = and_(_a.programme_id == programme_id, _a.id > after)
    rows = conn.execute(select(accounts).where(here).order_by(_a.id).limit(limit))
    return [_account(row) for row in rows]


def tiers(conn: Connection, programme_id: str) -> dict[str, int]:
    """Return how many customers have which tier."""
    here = and_(_a.programme_id == programme_id, _a.customer_id != "")
    query = select(_a.tier, func.count()).where(here).group_by(_a.tier)
    return {row[0]: int(row[1]) for row in conn.execute(query)}


def days(conn: Connection, programme_id: str, since: str, until: str) -> list[tuple[str, str, int]]:
    """Return the points that moved by day and kind, from a day to another."""
    within = and_(_m.day >= since, _m.day <= until)
    here = and_(_m.programme_id == programme_id, within, _m.state != "refused")
    query = select(_m.day, _m.kind, func.sum(_m.amount)).where(here)
    rows = conn.execute(query.group_by(_m.day, _m.kind).order_by(_m.day, _m.kind))
    return [(row[0], row[1], int(row[2])) for row in rows]


def _change(conn: Connection, account_id: str, **values: object) -> None:
    here = update(accounts).where(_a.id == account_id)
    conn.execute(here.values(version=_a.version + 1, **values))


def _account(row: Row[Any]) -> Account:
    return Account(**row._mapping)  # noqa: SLF001  # SQLAlchemy's own word for the row by name


def _move(row: Row[Any]) -> Move:
    return Move(**row._mapping)  # noqa: SLF001  # likewise
