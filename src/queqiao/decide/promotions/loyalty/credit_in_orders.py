"""What orders do with store credit: it pays in their ledger step, cashback earns it, refunds undo.

It is the machinery of points over a programme that holds money, so both are here told apart only by
what of an order is theirs.
"""

from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from queqiao.decide.promotions.loyalty.in_orders import Back, Due, OrderPoints, PointsOfOrders
from queqiao.decide.promotions.loyalty.names import Counters, way_counter
from queqiao.decide.promotions.quote_types import Quote, QuotedPayment, QuoteRequest
from queqiao.decide.promotions.redemptions.claims import Claim
from queqiao.decide.promotions.redemptions.points import (
    NO_CHARGE,
    OF_ORDER,
    Points,
    PointsCharge,
)
from queqiao.decide.promotions.redemptions.redemption_types import Record, Return
from queqiao.decide.promotions.refunds.refund_types import CreditMemo, PaidQuote
from queqiao.decide.promotions.totals.payments import CREDIT_SHORT
from queqiao.ports.ledger.base import AMOUNT_MAX, Take

METHOD = "store_credit"
"""The means of payment of quotes and memos."""


class CreditOfOrders(PointsOfOrders):
    """Claims, earns and gives back the store credit of orders."""

    def claims(self, question: QuoteRequest, answer: Quote) -> Mapping[str, list[Claim]]:
        """Return what of the store credit pays the order, and by promotion the cashback."""
        programme_id = self._programme_of(question)
        customer_id = question.customer.id
        if not programme_id or not customer_id:
            return {}
        account = self._names.account(programme_id, customer_id)
        purse = Counters(account).purse.counter
        pays = _paid_by(answer.payments)
        found: dict[str, list[Claim]] = {}
        if pays:
            spent = Take(way_counter(programme_id, "spent"), pays, AMOUNT_MAX)
            found[OF_ORDER] = [
                Claim(Take(purse, pays), CREDIT_SHORT), Claim(spent, CREDIT_SHORT),
            ]  # fmt: skip
        for item in answer.applied:
            if item.kind == "cashback":
                earned = Take(way_counter(programme_id, "earned"), item.value, AMOUNT_MAX)
                name = item.promotion_id
                found[name] = [
                    Claim(Take(purse, 0), CREDIT_SHORT, name), Claim(earned, "nothing_left", name),
                ]  # fmt: skip
        return found

    def with_own(self, question: QuoteRequest, held: Mapping[str, int]) -> QuoteRequest:
        """Return the question with the store credit that its own order holds already."""
        customer = question.customer
        credit = customer.store_credit
        if credit is None or not customer.id:
            return question
        account = self._names.account(credit.programme_id, customer.id)
        own = held.get(Counters(account).purse.counter, 0)
        credit = replace(credit, available=credit.available + own)
        return replace(question, customer=replace(customer, store_credit=credit))

    async def charge(
        self, _record: Record, _returned: int, _taken: int, _now_us: int
    ) -> PointsCharge:
        """Charge nothing: cashback that was used already is owed by the account."""
        return NO_CHARGE

    def _programme_of(self, question: QuoteRequest) -> str:
        credit = question.customer.store_credit
        return "" if credit is None else credit.programme_id

    def _amounts(self, quote: PaidQuote) -> tuple[int, int]:
        return _paid_by(quote.payments), quote.cashback

    def _counters(self, record: Record, quote: PaidQuote) -> Iterator[str]:
        yield from record.takes
        names = {item.promotion_id for item in quote.applied if item.kind == "cashback"}
        for item in record.promotions:
            if item.promotion_id in names:
                yield from item.takes

    def _due(
        self, found: OrderPoints, memos: Sequence[CreditMemo], returns: Sequence[Return]
    ) -> Due:
        """Add up what memos pay back by store credit and take back of the cashback.

        Without a memo, cashback goes back as its promotion's money does, and what paid the order
        once all of it is cancelled.
        """
        paid_back = [one for memo in memos for one in memo.payments if one.method == METHOD]
        returned = sum(one.amount for one in paid_back)
        taken = sum(memo.cashback_taken_back for memo in memos)
        back = Back(found, returns)
        for item in found.quote.applied:
            if item.kind == "cashback":
                taken += back.amount(item.promotion_id)
        if back.is_complete:
            returned = found.used
        return back.due(returned, taken, memos)


def _paid_by(payments: Sequence[QuotedPayment]) -> int:
    return sum(one.amount for one in payments if one.method == METHOD)


class AccountsOfOrders:
    """Points and store credit of orders, and whatever else follows them, one after the other."""

    def __init__(self, points: PointsOfOrders, credit: CreditOfOrders, *others: Points) -> None:
        self._points = points
        self._all: tuple[Points, ...] = (points, credit, *others)

    def claims(self, question: QuoteRequest, answer: Quote) -> Mapping[str, list[Claim]]:
        """Return by promotion what an order takes of all of them."""
        found: dict[str, list[Claim]] = {}
        for one in self._all:
            for name, claims in one.claims(question, answer).items():
                found.setdefault(name, []).extend(claims)
        return found

    def with_own(self, question: QuoteRequest, held: Mapping[str, int]) -> QuoteRequest:
        """Return the question with what its own order holds already, by counter."""
        for one in self._all:
            question = one.with_own(question, held)
        return question

    async def paid(self, record: Record, now_us: int) -> None:
        """Note what a paid order used and earned, once."""
        for one in self._all:
            await one.paid(record, now_us)

    async def came_back(self, record: Record, returns: Sequence[Return], now_us: int) -> None:
        """Give back what belongs to what came back so far."""
        for one in self._all:
            await one.came_back(record, returns, now_us)

    async def charge(self, record: Record, returned: int, taken: int, now_us: int) -> PointsCharge:
        """Return what of the points that a refund takes back it has to pay for instead."""
        return await self._points.charge(record, returned, taken, now_us)
