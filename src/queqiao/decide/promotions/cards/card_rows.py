"""Cards that were sold, and money on its way to them, as the records hold them."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select, update
from sqlalchemy.engine import Row

from queqiao.decide.promotions.cards.tables import cards, moves
from queqiao.kernel.errors import Conflict, Message, Refused

_FULL = Message("超过卡的余额上限", "more than the card may hold")

CardState = Literal["active", "void"]
MoveKind = Literal["activate", "top_up", "transfer"]
MoveState = Literal["begun", "done", "refused"]


class Card(msgspec.Struct, frozen=True):
    """A card that was activated. ``expires_at_us`` may be ``FOREVER_US``."""

    product_id: str
    number: int
    state: CardState
    customer_id: str
    activated_at_us: int
    expires_at_us: int
    written_off: int = 0
    void_reason: str = ""


class Move(msgspec.Struct, frozen=True):
    """Money on its way to a card; the ledger's keys of its steps are made of ``id``."""

    id: str
    kind: MoveKind
    product_id: str
    number: int
    amount: int
    created_at_us: int
    from_product_id: str = ""
    from_number: int = -1
    state: MoveState = "begun"


def find(conn: Connection, product_id: str, number: int) -> Card | None:
    """Return a card, None when it was not activated."""
    row = conn.execute(select(cards).where(_here(product_id, number))).first()
    return None if row is None else _card(row)


def activate(conn: Connection, card: Card, move: Move) -> Move:
    """Make a card active and note its money. A retry finds the first move; Conflict otherwise."""
    known = _known(conn, move)
    if known is not None:
        return known
    if find(conn, card.product_id, card.number) is not None:
        raise Conflict(Message("这张卡已激活", "the card is active already"))
    conn.execute(insert(cards).values(msgspec.structs.asdict(card)))
    return begin(conn, move)


def begin(conn: Connection, move: Move) -> Move:
    """Note money on its way; one of the same id is the one that was noted first.

    Raises Conflict when that one says something else.
    """
    known = _known(conn, move)
    if known is not None:
        return known
    conn.execute(insert(moves).values(msgspec.structs.asdict(move)))
    return move


class Room(NamedTuple):
    """What a card could still hold, read when so many moves to it were settled."""

    left: int
    settled: int


def begin_within(conn: Connection, move: Move, room: Room) -> Move | None:
    """Note money on its way if there is room beside all that is on its way; None: look again.

    Raises Refused: ``balance_at_most``; nothing is noted then.
    """
    known = _known(conn, move)
    if known is not None:
        return known
    here = (move.product_id, move.number)
    if settled(conn, *here) != room.settled:  # it may stand in neither sum
        return None
    if on_the_way(conn, *here) + move.amount > room.left:
        raise Refused(_FULL, reason="balance_at_most")
    return begin(conn, move)


def settled(conn: Connection, product_id: str, number: int) -> int:
    """Return how many moves to a card are done or refused."""
    m = moves.c
    here = and_(m.product_id == product_id, m.number == number, m.state != "begun")
    return int(conn.execute(select(func.count()).select_from(moves).where(here)).scalar_one())


def _known(conn: Connection, move: Move) -> Move | None:
    row = conn.execute(select(moves).where(moves.c.id == move.id)).first()
    if row is None:
        return None
    known = Move(**row._mapping)  # noqa: SLF001  # SQLAlchemy's own word for the row by name
    same = msgspec.structs.replace(move, created_at_us=known.created_at_us, state=known.state)
    if same != known:
        raise Conflict(
            Message("同一 request_id，内容不同", "the same request_id with other content")
        )
    return known


def settle(conn: Connection, move_id: str, state: MoveState) -> None:
    """Say what became of money that was on its way. What is done stays done."""
    here = and_(moves.c.id == move_id, moves.c.state != "done")
    conn.execute(update(moves).where(here).values(state=state))


def begun(conn: Connection, before_us: int, limit: int) -> list[Move]:
    """Return the money that is on its way since before a moment, oldest first."""
    m = moves.c
    query = select(moves).where(m.state == "begun", m.created_at_us <= before_us)
    rows = conn.execute(query.order_by(m.created_at_us).limit(limit))
    return [Move(**row._mapping) for row in rows]  # noqa: SLF001  # likewise


def on_the_way(conn: Connection, product_id: str, number: int) -> int:
    """Return how much money is on its way to a card."""
    m = moves.c
    here = and_(m.product_id == product_id, m.number == number, m.state == "begun")
    return int(conn.execute(select(func.coalesce(func.sum(m.amount), 0)).where(here)).scalar_one())


def sums(conn: Connection, product_id: str) -> dict[str, int]:
    """Return how much money was to come to a product's cards, by what became of it."""
    m = moves.c
    query = select(m.state, func.sum(m.amount)).where(m.product_id == product_id)
    rows = conn.execute(query.group_by(m.state)).all()
    return {row[0]: int(row[1]) for row in rows}


def moves_of(conn: Connection, product_id: str, number: int) -> list[Move]:
    """Return the money that came to a card or left it for another, oldest first."""
    m = moves.c
    to = and_(m.product_id == product_id, m.number == number)
    came_from = and_(m.from_product_id == product_id, m.from_number == number)
    rows = conn.execute(select(moves).where(or_(to, came_from)).order_by(m.created_at_us, m.id))
    return [Move(**row._mapping) for row in rows]  # noqa: SLF001  # likewise


def change(conn: Connection, card: Card, **values: object) -> None:
    """Change what stands of a card."""
    here = _here(card.product_id, card.number)
    conn.execute(update(cards).where(here).values(**values))


def to_write_off(conn: Connection, now_us: int, limit: int) -> list[Card]:
    """Return cards that are void or have expired and may still hold money."""
    c = cards.c
    over = or_(c.state == "void", c.expires_at_us <= now_us)
    query = select(cards).where(c.written_off == 0, over).order_by(c.expires_at_us)
    return [_card(row) for row in conn.execute(query.limit(limit))]


def of_product(conn: Connection, product_id: str, after: int, limit: int) -> list[Card]:
    """Return the activated cards of a product behind a number, by number."""
    c = cards.c
    query = select(cards).where(c.product_id == product_id, c.number > after)
    return [_card(row) for row in conn.execute(query.order_by(c.number).limit(limit))]


def forget(conn: Connection, customers: Sequence[str]) -> int:
    """Keep no name of these customers; their cards stay what they are. Return how many."""
    query = update(cards).where(cards.c.customer_id.in_(customers)).values(customer_id="")
    return conn.execute(query).rowcount


def _here(product_id: str, number: int) -> ColumnElement[bool]:
    return and_(cards.c.product_id == product_id, cards.c.number == number)


def _card(row: Row[tuple[object, ...]]) -> Card:
    return Card(**row._mapping)  # noqa: SLF001  # likewise
