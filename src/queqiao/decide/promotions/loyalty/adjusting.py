"""Operators give and take points of one account: bounded, with a reason, in the audit trail.

Above the day's bound of who gives, another person allows it: it waits as ``asked.py`` notes it, and
is noted on the account in the transaction of the approval; the scheduler brings it to the ledger.
"""

from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta
from msgspec.structs import replace
from sqlalchemy import Connection

from queqiao.decide.promotions.loyalty import account_rows, asked
from queqiao.decide.promotions.loyalty.account_rows import Account, Move
from queqiao.decide.promotions.loyalty.asked import Asked
from queqiao.decide.promotions.loyalty.contracts import POINTS_PROGRAMME
from queqiao.decide.promotions.loyalty.daily_bound import DailyBound, Given
from queqiao.decide.promotions.loyalty.keeper import Keeper
from queqiao.decide.promotions.loyalty.names import Counters, Names
from queqiao.decide.promotions.loyalty.programme import Programme
from queqiao.decide.promotions.loyalty.showing import CustomerPoints, Showing
from queqiao.kernel.errors import Conflict, FieldError, InvalidInput, Message, Refused
from queqiao.ports.ledger.purses import balance
from queqiao.ports.records import audit, documents

MOVES_SHOWN = 50

_OTHER = Message("同一 request_id，内容不同", "the same request_id with other content")
_SHORT = Message("积分余额不足", "the account has not so many points")
_ZERO = Message("须不为 0", "not 0")
_GIVES = Message("只有加积分需要审批", "only what is given needs approval")


class Adjustment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Points that an operator adds to a customer's account, or takes off (below 0)."""

    customer_id: Annotated[str, Meta(min_length=1, max_length=200)]
    points: Annotated[int, Meta(ge=-(10**12), le=10**12)]
    reason: Annotated[str, Meta(min_length=1, max_length=500)]
    request_id: Annotated[str, Meta(min_length=1, max_length=200)]


class Who(NamedTuple):
    """Who acts, and when."""

    actor: audit.Actor
    now_us: int


class Adjusting:
    """Adjusts accounts of programmes, which are read from the records, live or not."""

    def __init__(self, keeper: Keeper, secret: bytes, bound: DailyBound) -> None:
        self._keeper = keeper
        self._names = Names(secret)
        self._bound = bound

    async def adjust(self, programme_id: str, wanted: Adjustment, who: Who) -> CustomerPoints:
        """Add or take points. Raises NotFound, InvalidInput, Conflict; Refused: ``points_short``,
        ``approval_needed`` above the day's bound of who gives.

        It leaves its row in the audit trail, which says the customer and why.
        """
        # What has expired goes first: nothing is taken of it.
        account_id = self._names.account(programme_id, wanted.customer_id)
        await self._keeper.keep(account_id, who.now_us)
        await self._count(programme_id, wanted, who)
        programme, move = await self._keeper.records.write(
            lambda conn: self._adjust(conn, programme_id, wanted, who)
        )
        await self._keeper.keep(move.account_id, who.now_us)
        done = await self._keeper.records.read(lambda conn: account_rows.by_id(conn, move.id))
        if done is not None and done.state == "refused":
            raise await self._short(move)
        return await self._account(programme, wanted.customer_id, who.now_us)

    def ask(
        self, conn: Connection, programme_id: str, wanted: Adjustment, who: Who, ends_us: int
    ) -> Asked:
        """Note an adjustment that another person is to allow, until ``ends_us``.

        Raises NotFound, InvalidInput: ``points``; Conflict: done already, or other content.
        """
        _check(self._programme(conn, programme_id), wanted)
        if wanted.points < 0:
            raise InvalidInput(FieldError("points", _GIVES))
        move = self._move(self._fresh(programme_id, wanted.customer_id, who), wanted, who)
        if account_rows.by_id(conn, move.id) is not None:
            raise Conflict(_OTHER)
        waiting = Asked(
            move.id, programme_id, wanted.customer_id, wanted.points, wanted.reason,
            wanted.request_id, who.actor.id, ends_us,
        )  # fmt: skip
        asked.note(conn, waiting, who.now_us)
        return waiting

    def give_asked(self, conn: Connection, asked_id: str, who: Who) -> None:
        """Do what another person allows, who is ``who``. Raises NotFound: it waits no more."""
        waiting = asked.take(conn, asked_id)
        wanted = Adjustment(waiting.customer_id, waiting.points, waiting.reason, waiting.request_id)
        self._adjust(conn, waiting.programme_id, wanted, who)

    async def _count(self, programme_id: str, wanted: Adjustment, who: Who) -> None:
        """Count what is given in the day's bound; what was done before counts no more."""

        def look(conn: Connection) -> Given | None:
            programme = self._programme(conn, programme_id)
            _check(programme, wanted)
            move = self._move(self._fresh(programme_id, wanted.customer_id, who), wanted, who)
            if wanted.points < 0 or account_rows.by_id(conn, move.id) is not None:
                return None
            person = self._bound.person_of(conn, who.actor.id)
            key = f"{move.id}:{wanted.points}"
            return Given(person, programme.document.holds, wanted.points, key)

        found = await self._keeper.records.read(look)
        if found is not None:
            await self._bound.take(self._keeper.ledger, found, who.now_us)

    def _adjust(
        self, conn: Connection, programme_id: str, wanted: Adjustment, who: Who
    ) -> tuple[Programme, Move]:
        programme = self._programme(conn, programme_id)
        _check(programme, wanted)
        fresh = self._fresh(programme_id, wanted.customer_id, who)
        account = account_rows.opened(conn, fresh)
        move = self._adjustment(programme, account, wanted, who)
        before = account_rows.by_id(conn, move.id)
        if before is not None:
            if (before.amount, before.reason) != (wanted.points, wanted.reason):
                raise Conflict(_OTHER)
            return programme, before
        (noted,) = account_rows.note(conn, account, [move])
        summary = f"{wanted.points:+d} for {wanted.customer_id}: {wanted.reason}"
        entry = audit.Entry("points.adjust", POINTS_PROGRAMME.name, programme_id, summary)
        audit.note(conn, who.actor, entry, who.now_us)
        return programme, noted

    def _adjustment(
        self, programme: Programme, account: Account, wanted: Adjustment, who: Who
    ) -> Move:
        move = replace(self._move(account, wanted, who), reason=wanted.reason, actor=who.actor.id)
        if wanted.points < 0:
            return move
        ends_us = programme.expires_us(who.now_us)
        return replace(move, lot=wanted.points, available_at_us=who.now_us, expires_at_us=ends_us)

    def _move(self, account: Account, wanted: Adjustment, who: Who) -> Move:
        points, request_id = wanted.points, wanted.request_id
        return self._keeper.move(account, "adjusted", points, who.now_us, request_id)

    def _fresh(self, programme_id: str, customer_id: str, who: Who) -> Account:
        account_id = self._names.account(programme_id, customer_id)
        return Account(account_id, programme_id, customer_id, who.now_us)

    def _programme(self, conn: Connection, programme_id: str) -> Programme:
        stored = documents.get(conn, POINTS_PROGRAMME, programme_id)
        return Programme(programme_id, stored.document, self._keeper.zone)

    async def _account(self, programme: Programme, customer_id: str, now_us: int) -> CustomerPoints:
        account_id = self._names.account(programme.id, customer_id)
        fresh = Account(account_id, programme.id, customer_id, now_us)
        showing = Showing(self._keeper, self._names, lambda: programme)
        shown, _ = await showing.page_of(programme, fresh, None, MOVES_SHOWN, now_us)
        return shown

    async def _short(self, move: Move) -> Refused:
        has = await balance(self._keeper.ledger, Counters(move.account_id).purse.counter)
        missing = max(0, -move.amount - has.free)
        error = Refused(_SHORT, reason="points_short")
        message = Message(f"还差 {missing}", f"{missing} are missing")
        error.fields = (FieldError("points", message),)
        return error


def _check(programme: Programme, wanted: Adjustment) -> None:
    most = programme.document.adjust_at_most
    if not wanted.points:
        raise InvalidInput(FieldError("points", _ZERO))
    if abs(wanted.points) > most:
        message = Message(f"一次最多 {most}", f"at most {most} at once")
        raise InvalidInput(FieldError("points", message))
