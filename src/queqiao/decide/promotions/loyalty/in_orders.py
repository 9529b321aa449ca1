"""What orders do with points: they take those that pay in their own ledger step, earn, give back.

An order's points are taken with everything else that its promotions need, so two orders never use
the same ones; what it earns is counted in that step too. Both are noted on the account when the
order is paid, before the log is told of that: whoever dies in between is finished by the same call
or by the settlement.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection

from queqiao.decide.promotions.loyalty import account_rows
from queqiao.decide.promotions.loyalty.account_rows import Account, Move
from queqiao.decide.promotions.loyalty.keeper import Keeper
from queqiao.decide.promotions.loyalty.names import Counters, Names, taken_from, way_counter
from queqiao.decide.promotions.loyalty.programme import Programme, whole_second
from queqiao.decide.promotions.quote_types import AppliedPromotion, Quote, QuoteRequest
from queqiao.decide.promotions.redemptions.claims import Claim
from queqiao.decide.promotions.redemptions.points import NO_CHARGE, PointsCharge
from queqiao.decide.promotions.redemptions.redemption_types import (
    MEMO,
    Record,
    Return,
    Returned,
    is_cancelled,
)
from queqiao.decide.promotions.refunds.memo_book import MemoBook
from queqiao.decide.promotions.refunds.refund_types import CreditMemo, PaidQuote
from queqiao.kernel.clock import DAY_US
from queqiao.ports.ledger.base import AMOUNT_MAX, Take
from queqiao.ports.ledger.purses import balance


class OrderPoints(NamedTuple):
    """An order's points: whose, and how many it used, earned and cost."""

    account: Account
    used: int
    earned: int
    spend: int
    quote: PaidQuote


class PointsOfOrders:
    """Claims, earns and gives back points of orders."""

    def __init__(self, keeper: Keeper, names: Names) -> None:
        self._keeper = keeper
        self._names = names
        self._memos = MemoBook(keeper.event_log)

    def claims(self, question: QuoteRequest, answer: Quote) -> Mapping[str, list[Claim]]:
        """Return by promotion the points that an order takes and those that it earns."""
        customer = question.customer
        if customer.loyalty is None or not customer.id or not customer.loyalty.programme_id:
            return {}
        programme_id = customer.loyalty.programme_id
        account = self._names.account(programme_id, customer.id)
        return {
            item.promotion_id: list(_claims(programme_id, account, item))
            for item in answer.applied
            if item.points or item.points_used
        }

    def with_own(self, question: QuoteRequest, held: Mapping[str, int]) -> QuoteRequest:
        """Return the question with the points that its own order holds already, by counter."""
        customer = question.customer
        loyalty = customer.loyalty
        if loyalty is None or not customer.id or loyalty.points is None:
            return question
        account = self._names.account(loyalty.programme_id, customer.id)
        own = held.get(Counters(account).purse.counter, 0)
        loyalty = replace(loyalty, points=loyalty.points + own)
        return replace(question, customer=replace(customer, loyalty=loyalty))

    async def paid(self, record: Record, now_us: int) -> None:
        """Note what a paid order used and earned, once."""
        found = self._points(record, now_us)
        if found is None:
            return
        account = found.account
        has = await balance(self._keeper.ledger, Counters(account.id).purse.counter)
        known, noted = await self._keeper.records.write(
            lambda conn: self._note(conn, record, found, has.free, now_us)
        )
        await self._keeper.tell(known, [move for move in noted if move.amount])
        await self._keeper.keep(account.id, now_us)

    async def came_back(self, record: Record, returns: Sequence[Return], now_us: int) -> None:
        """Give back the points that belong to what came back of an order, and take those earned.

        It is reckoned from all memos and returns so far, so it may be called again at any time.
        """
        found = self._points(record, now_us)
        if found is None:
            return
        memos = [one.memo for one in await self._memos.issued(record.redemption_id)]
        due = self._due(found, memos, returns)
        await self._keeper.keep(found.account.id, now_us)
        if await self._keeper.records.write(
            lambda conn: self._give_back(conn, found.account.id, record, due, now_us)
        ):
            await self._keeper.keep(found.account.id, now_us)

    async def charge(self, record: Record, returned: int, taken: int, now_us: int) -> PointsCharge:
        """Return what of the points that a refund takes back it has to pay for instead.

        Nothing, unless the programme says ``cash``. What cannot be used yet covers first, then what
        is on the account and what comes back to it with the refund.
        """
        found = self._points(record, now_us) if taken and record.customer_id else None
        if found is None:
            return NO_CHARGE
        account_id = found.account.id
        await self._keeper.keep(account_id, now_us)
        has = await balance(self._keeper.ledger, Counters(account_id).purse.counter)
        programme, pending, debt = await self._keeper.records.read(
            lambda conn: self._cover(conn, record, found.account)
        )
        if programme is None or programme.document.taken_back != "cash":
            return NO_CHARGE
        short = max(0, taken - pending - max(0, has.free + returned - debt))
        is_same = programme.document.worth.currency == record.currency
        return PointsCharge(short, programme.worth(short) if is_same else 0)

    def _cover(
        self, conn: Connection, record: Record, account: Account
    ) -> tuple[Programme | None, int, int]:
        """Return the programme, what of an order's points is pending, and what is owed."""
        known = account_rows.find(conn, account.id)
        earned = account_rows.of_order(conn, account.id, record.redemption_id)
        pending = sum(move.lot for move in earned if move.state == "pending")
        programme = self._keeper.programme(conn, account.programme_id)
        return programme, pending, 0 if known is None else known.debt

    def _points(self, record: Record, now_us: int) -> OrderPoints | None:
        """Return an order's points, None where no programme has anything to do with it."""
        if record.quote is None:
            return None
        quote = msgspec.convert(record.quote, PaidQuote)
        named = self._named(record, quote)
        if named is None:
            return None
        programme_id, account_id = named
        account = Account(account_id, programme_id, record.customer_id or "", now_us)
        return OrderPoints(account, *self._amounts(quote), record.total_minor or 0, quote)

    def _named(self, record: Record, quote: PaidQuote) -> tuple[str, str] | None:
        """Return an order's programme and account; of an erased customer's, by what it took."""
        if not record.customer_id:
            return taken_from(self._counters(record, quote))
        if record.question is None:
            return None
        programme_id = self._programme_of(msgspec.convert(record.question, QuoteRequest))
        if not programme_id:
            return None
        return programme_id, self._names.account(programme_id, record.customer_id)

    def _programme_of(self, question: QuoteRequest) -> str:
        """Return which programme the order's question was filled in from, empty for none."""
        loyalty = question.customer.loyalty
        return "" if loyalty is None else loyalty.programme_id

    def _amounts(self, quote: PaidQuote) -> tuple[int, int]:
        """Return how many points an order used and earned."""
        return quote.points.used, quote.points.earned

    def _counters(self, record: Record, quote: PaidQuote) -> Iterator[str]:
        """Yield the counters of points that the order took."""
        others = {item.promotion_id for item in quote.applied if item.kind == "cashback"}
        for item in record.promotions:
            if item.promotion_id not in others:
                yield from item.takes

    def _due(
        self, found: OrderPoints, memos: Sequence[CreditMemo], returns: Sequence[Return]
    ) -> "Due":
        """Add up what memos say, and the share of what went back without one."""
        returned = sum(memo.points.returned for memo in memos)
        taken = sum(memo.points.taken_back - memo.points.charged for memo in memos)
        back = Back(found, returns)
        for item in found.quote.applied:
            amount = back.amount(item.promotion_id)
            returned += -(-item.points_used * amount // max(1, item.amount + item.value))
            taken += item.points if back.is_used(item.promotion_id) else 0
        return back.due(returned, taken, memos)

    def _note(
        self, conn: Connection, record: Record, found: OrderPoints, free: int, now_us: int
    ) -> tuple[Account, list[Move]]:
        programme = self._keeper.programme(conn, found.account.programme_id)
        account = account_rows.opened(conn, found.account)
        wanted = []
        if found.used:
            spent = self._move(account, "spent", -found.used, record, now_us)
            wanted.append(replace(spent, state="done", expires_at_us=_lives(conn, account, free)))
        if programme is not None and _earns(found, programme, record.currency):
            currency = programme.document.worth.currency
            earned = self._move(account, "earned", found.earned, record, now_us)
            wanted.append(
                replace(
                    earned,
                    state="pending",
                    lot=found.earned,
                    spend_minor=found.spend if record.currency == currency else 0,
                    available_at_us=programme.available_us(now_us),
                    expires_at_us=programme.expires_us(now_us),
                )
            )
        return account, account_rows.note(conn, account, wanted)

    def _move(
        self, account: Account, kind: account_rows.Kind, amount: int, record: Record, now_us: int
    ) -> Move:
        move = self._keeper.move(account, kind, amount, now_us, record.redemption_id)
        return replace(move, order_id=record.order_id, redemption_id=record.redemption_id)

    def _give_back(
        self, conn: Connection, account_id: str, record: Record, due: "Due", now_us: int
    ) -> bool:
        """Note what is due and was not noted yet; say whether there was anything."""
        moves = account_rows.of_order(conn, account_id, record.redemption_id)
        account = account_rows.find(conn, moves[0].account_id) if moves else None
        if account is None or not _is_of_customer(account, moves[0]):
            return False  # it had no points, or its customer was erased
        back = _ComingBack(account, moves, record, due, now_us)
        wanted = [*self._returned(conn, back), *self._taken_back(conn, back)]
        account_rows.note(conn, account, wanted)
        return bool(wanted)

    def _returned(self, conn: Connection, back: "_ComingBack") -> list[Move]:
        """Return the lot of points that go back: it lives as long as the newest that was used."""
        spent, now_us = back.first("spent"), back.now_us
        points = back.due.returned - back.sum("returned")
        if spent is None or points <= 0:
            return []
        programme = self._keeper.programme(conn, back.account.programme_id)
        days = 0 if programme is None else programme.document.returned_days
        until_us = max(spent.expires_at_us, whole_second(now_us + days * DAY_US))
        move = self._of_return(back, "returned", points, back.due.returned)
        return [replace(move, lot=points, available_at_us=now_us, expires_at_us=until_us)]

    def _taken_back(self, conn: Connection, back: "_ComingBack") -> list[Move]:
        """Return what is taken back: of what cannot be used yet first, then of the account."""
        points = max(0, back.due.taken + back.sum("taken_back"))
        counted = back.spend("earned")
        spend = max(0, min(back.due.spend, counted) + back.spend("taken_back"))
        if back.first("earned") is None or not points + spend:
            return []
        pending = account_rows.shrink_pending(
            conn, back.account.id, back.record.redemption_id, points
        )
        parts: list[tuple[int, account_rows.State]] = [(pending, "done")] if pending else []
        if points > pending or not pending:
            parts.append((points - pending, "begun"))
        of = (back.due.taken, back.due.spend)
        noted = [
            replace(self._of_return(back, "taken_back", -part, *of, state), state=state)
            for part, state in parts
        ]
        return [replace(noted[0], spend_minor=-spend), *noted[1:]]

    def _of_return(
        self, back: "_ComingBack", kind: account_rows.Kind, amount: int, *of: object
    ) -> Move:
        record = back.record
        of = (record.redemption_id, *of)
        move = self._keeper.move(back.account, kind, amount, back.now_us, *of)
        return replace(move, order_id=record.order_id, redemption_id=record.redemption_id)


def _is_of_customer(account: Account, move: Move) -> bool:
    """Say whether a movement is of who has the account now: nobody owes for the erased."""
    return bool(account.customer_id) and move.number >= account.first_move


class _ComingBack(NamedTuple):
    """An account, what was noted of an order on it, and what should be."""

    account: Account
    moves: Sequence[Move]
    record: Record
    due: "Due"
    now_us: int

    def first(self, kind: account_rows.Kind) -> Move | None:
        return next((move for move in self.moves if move.kind == kind), None)

    def sum(self, kind: account_rows.Kind) -> int:
        return sum(move.amount for move in self.moves if move.kind == kind)

    def spend(self, kind: account_rows.Kind) -> int:
        return sum(move.spend_minor for move in self.moves if move.kind == kind)


class Due(NamedTuple):
    """What should have gone back of an order by now: points, points earned, money of the score."""

    returned: int
    taken: int
    spend: int


def _claims(programme_id: str, account: str, item: AppliedPromotion) -> list[Claim]:
    """Return what a promotion takes of points; of the purse, were it 0, so that it is named."""
    used, name = item.points_used, item.promotion_id
    claims = [Claim(Take(Counters(account).purse.counter, used), "points_short", name)]
    if used:
        every = Take(way_counter(programme_id, "spent"), used, AMOUNT_MAX)
        claims.append(Claim(every, "points_short", name))
    if item.points:
        every = Take(way_counter(programme_id, "earned"), item.points, AMOUNT_MAX)
        claims.append(Claim(every, "nothing_left", name))
    return claims


def _earns(found: OrderPoints, programme: Programme, currency: str) -> bool:
    """Say whether there is something to note of what an order earned or cost."""
    document = programme.document
    counts = bool(document.tiers) and document.tier_by == "spend"
    return bool(found.earned or (counts and found.spend and currency == document.worth.currency))


def _lives(conn: Connection, account: Account, free: int) -> int:
    """Return when the last of the points expires that were just used; ``free`` are left.

    They were the oldest: what is left are the newest.
    """
    left = free
    lots = [lot for lot in account_rows.lots(conn, account.id) if lot.state != "pending"]
    for lot in reversed(lots):
        left -= lot.lot
        if left < 0:
            return lot.expires_at_us
    return lots[0].expires_at_us if lots else 0


class Back(NamedTuple):
    """What went back of an order without a memo."""

    found: OrderPoints
    returns: Sequence[Return]

    @property
    def own(self) -> list[Return]:
        """The returns that no memo made."""
        return [one for one in self.returns if not one.request_id.startswith(MEMO)]

    def parts(self, promotion_id: str) -> list[Returned]:
        """Return what went back of one promotion."""
        every = (part for one in self.own for part in one.promotions)
        return [part for part in every if part.promotion_id == promotion_id]

    def amount(self, promotion_id: str) -> int:
        """Return how much of what a promotion gave went back."""
        return sum(part.amount for part in self.parts(promotion_id))

    def is_used(self, promotion_id: str) -> bool:
        """Say whether a promotion's use went back."""
        return any(part.use for part in self.parts(promotion_id))

    @property
    def is_complete(self) -> bool:
        """Whether all of the order went back."""
        applied = self.found.quote.applied
        given = {item.promotion_id: item.amount + item.value for item in applied}
        return is_cancelled(given, self.returns)

    def due(self, returned: int, taken: int, memos: Sequence[CreditMemo]) -> Due:
        """Return what is due, never more than the order used, earned and cost."""
        found, spend = self.found, sum(memo.totals.total for memo in memos)
        if self.is_complete and found.quote.applied:
            spend = found.spend
        return Due(min(found.used, returned), min(found.earned, taken), min(found.spend, spend))
