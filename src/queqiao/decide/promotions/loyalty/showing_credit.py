"""A customer's store credit as the customer may see it. Amounts are integers in minor units."""

import msgspec

from queqiao.decide.promotions.loyalty.showing import CustomerPoints, DatedPoints, PointsMove


class DatedAmount(msgspec.Struct, frozen=True):
    """So much, at that time."""

    amount: int
    at: str


class CreditMove(msgspec.Struct, frozen=True):
    """A movement: ``amount`` above 0 came. ``state``: pending, done, refused, or just begun."""

    id: str
    kind: str
    amount: int
    state: str
    at: str
    order_id: str | None
    available_at: str | None
    expires_at: str | None
    reason: str | None


class CustomerCredit(msgspec.Struct, frozen=True):
    """A customer's store credit and a page of movements, newest first.

    ``balance`` can be used, ``held`` is for orders that are not paid, ``pending`` can be used
    later, ``owed`` is paid from what comes next.
    """

    customer_id: str
    programme_id: str
    currency: str
    balance: int
    held: int
    pending: int
    owed: int
    becoming_available: list[DatedAmount]
    expiring: list[DatedAmount]
    moves: list[CreditMove]
    next_cursor: str | None = None


def as_credit(shown: CustomerPoints) -> CustomerCredit:
    """Return an account of a programme that holds money as what it is."""
    return CustomerCredit(
        shown.customer_id,
        shown.programme_id,
        shown.currency,
        shown.balance,
        shown.held,
        shown.pending,
        shown.owed,
        _dated(shown.becoming_available),
        _dated(shown.expiring),
        [_move(move) for move in shown.moves],
        shown.next_cursor,
    )


def _dated(some: list[DatedPoints]) -> list[DatedAmount]:
    return [DatedAmount(one.points, one.at) for one in some]


def _move(move: PointsMove) -> CreditMove:
    return CreditMove(
        move.id, move.kind, move.points, move.state, move.at, move.order_id, move.available_at,
        move.expires_at, move.reason,
    )  # fmt: skip
