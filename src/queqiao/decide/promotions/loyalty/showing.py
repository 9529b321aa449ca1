"""A customer's points as the customer may see them: what is there, comes and goes, the tier."""

from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from queqiao.decide.promotions.documents.points_programme import PointsName
from queqiao.decide.promotions.loyalty import account_rows
from queqiao.decide.promotions.loyalty.account_rows import Account, Move
from queqiao.decide.promotions.loyalty.keeper import Keeper
from queqiao.decide.promotions.loyalty.names import Counters, Names
from queqiao.decide.promotions.loyalty.programme import Programme
from queqiao.decide.promotions.offers import FOREVER_US
from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.errors import Message, NotFound
from queqiao.ports.ledger.purses import balance

SHOWN_MAX = 20
"""How many dates of points that come or go are shown, soonest first."""

_NONE = Message("没有生效的计划", "no such programme is live")


class DatedPoints(msgspec.Struct, frozen=True):
    """So many points, at that time."""

    points: int
    at: str


class TierView(msgspec.Struct, frozen=True):
    """The tier and what is missing to the next one.

    ``score`` and ``missing`` are points or minor units, as the programme's ``tier_by`` says.
    """

    name: str | None
    earn_percent: int
    by: str
    score: int
    next: str | None
    missing: int


class PointsMove(msgspec.Struct, frozen=True):
    """A movement: ``points`` above 0 came. ``state``: pending, done, refused, or just begun."""

    id: str
    kind: str
    points: int
    state: str
    at: str
    order_id: str | None
    available_at: str | None
    expires_at: str | None
    reason: str | None


class CustomerPoints(msgspec.Struct, frozen=True):
    """A customer's points and a page of movements, newest first.

    ``balance`` can be used, ``held`` is for orders that are not paid, ``pending`` can be used
    later, ``owed`` is paid from what comes next. ``worth`` is that of the balance in minor units.
    """

    customer_id: str
    programme_id: str
    points_name: PointsName
    balance: int
    held: int
    pending: int
    owed: int
    worth: int
    currency: str
    becoming_available: list[DatedPoints]
    expiring: list[DatedPoints]
    tier: TierView
    moves: list[PointsMove]
    next_cursor: str | None = None


class Showing:
    """Shows accounts of the programme that is live."""

    def __init__(self, keeper: Keeper, names: Names, live: Callable[[], Programme | None]) -> None:
        self._keeper = keeper
        self._names = names
        self._live = live

    async def page(
        self, customer_id: str, before: int | None, limit: int, now_us: int
    ) -> tuple[CustomerPoints, int | None]:
        """Return a customer's points, and where the next page of movements begins.

        Raises NotFound without a live programme.
        """
        programme = self._live()
        if programme is None:
            raise NotFound(_NONE)
        account_id = self._names.account(programme.id, customer_id)
        return await self.page_of(
            programme, Account(account_id, programme.id, customer_id, now_us), before, limit, now_us
        )

    async def page_of(
        self, programme: Programme, fresh: Account, before: int | None, limit: int, now_us: int
    ) -> tuple[CustomerPoints, int | None]:
        """Return the same of an account of a programme; ``fresh`` stands where there is none."""
        await self._keeper.ledger.expire(now_us)
        await self._keeper.keep(fresh.id, now_us)
        has = await balance(self._keeper.ledger, Counters(fresh.id).purse.counter)
        standing = await self._keeper.records.read(
            partial(account_rows.standing, account_id=fresh.id, now_us=now_us)
        )
        account = fresh if standing is None else standing.account
        lots = [] if standing is None else standing.lots
        moves = await self._keeper.records.read(
            lambda conn: account_rows.page(conn, account, before, limit + 1)
        )
        worth, pending = programme.document.worth, _pending(lots)
        shown = CustomerPoints(
            fresh.customer_id,
            programme.id,
            programme.document.points_name,
            has.free,
            has.leased,
            sum(lot.lot for lot in pending),
            account.debt,
            programme.worth(has.free),
            worth.currency,
            _dated([(lot.available_at_us, lot.lot) for lot in pending]),
            _dated(_expiring(lots, has.free)),
            tier_of(programme, account.score),
            [view(move) for move in moves[:limit]],
        )
        return shown, moves[limit - 1].number if len(moves) > limit else None


def tier_of(programme: Programme, score: int) -> TierView:
    """Return the tier of a score."""
    tier, following = programme.tier(score), programme.next_tier(score)
    return TierView(
        None if tier is None else tier.name,
        programme.earn_percent(score),
        programme.document.tier_by,
        score,
        None if following is None else following.name,
        0 if following is None else following.at_least - score,
    )


def view(move: Move) -> PointsMove:
    """Return a movement as it is shown."""
    return PointsMove(
        move.id,
        move.kind,
        move.amount,
        move.state,
        format_rfc3339(move.at_us),
        move.order_id or None,
        _time(move.available_at_us) if move.lot or move.amount > 0 else None,
        _time(move.expires_at_us) if move.amount > 0 else None,
        move.reason or None,
    )


def _pending(lots: Sequence[Move]) -> list[Move]:
    return [lot for lot in lots if lot.state == "pending"]


def _expiring(lots: Sequence[Move], free: int) -> list[tuple[int, int]]:
    """Return when what is left of each lot expires: the newest are left."""
    left, found = free, []
    for lot in reversed([lot for lot in lots if lot.state != "pending"]):
        part = min(left, lot.lot)
        left -= part
        if part and lot.expires_at_us < FOREVER_US:
            found.append((lot.expires_at_us, part))
    return found


def _dated(moments: Sequence[tuple[int, int]]) -> list[DatedPoints]:
    """Return points by moment, soonest first."""
    sums: dict[int, int] = {}
    for at_us, points in moments:
        sums[at_us] = sums.get(at_us, 0) + points
    return [DatedPoints(sums[at_us], format_rfc3339(at_us)) for at_us in sorted(sums)][:SHOWN_MAX]


def _time(us: int) -> str | None:
    return format_rfc3339(us) if 0 < us < FOREVER_US else None
