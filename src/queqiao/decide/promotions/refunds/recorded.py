"""Refunds of recorded orders: the redemption is the order, the log keeps the memos.

Of two refunds at once the later finds its number taken, and is reckoned again after the first. A
memo is written before uses and budgets go back: the same request again finds it and gives back what
is still missing.
"""

from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b

import msgspec
from msgspec.structs import replace

from queqiao.decide.promotions.documents.profile import Profile
from queqiao.decide.promotions.quote_types import QuoteRequest
from queqiao.decide.promotions.quoting import Shop
from queqiao.decide.promotions.redemptions.gift_stock import gift_counter
from queqiao.decide.promotions.redemptions.points import NO_CHARGE, PointsCharge
from queqiao.decide.promotions.redemptions.redeeming import Redemptions
from queqiao.decide.promotions.redemptions.redemption_types import (
    MEMO,
    GivenBack,
    NewReturn,
    Record,
    Redeemed,
    Redemption,
    Returned,
)
from queqiao.decide.promotions.refunds.memo_book import Issued, MemoBook
from queqiao.decide.promotions.refunds.reckoning import refund
from queqiao.decide.promotions.refunds.refund_types import (
    RETURNS_MAX,
    CreditMemo,
    Order,
    PaidQuote,
    RefundRequest,
)
from queqiao.decide.promotions.refunds.rules_of_then import rules_of_then
from queqiao.kernel.clock import parse_rfc3339
from queqiao.kernel.errors import Conflict, FieldError, InvalidInput, Message, Unavailable
from queqiao.ports.records.base import Records

TRIES_MAX = 32
"""How often one refund is reckoned again because another of the order came between."""

_UNPAID = Message(
    "订单尚未核销，不能退款", "the order is not committed; there is nothing to refund"
)
_NO_QUOTE = Message("该核销没有报价，请以 order 传入", "it holds no quote; send the order itself")
_ERASED = Message(
    "买家已被擦除，无从重算其条件，请用 keep",
    "the buyer was erased, so conditions on them cannot be reckoned again; say keep",
)
_OTHER = Message("同一 request_id 的另一次退款", "another refund has this request_id")
_BUSY = Message("同时退款过多，请再试", "too many refunds of the order at once; try again")
_FULL = Message(f"最多 {RETURNS_MAX} 次退款", f"at most {RETURNS_MAX} refunds an order")


class RecordedRefunds:
    """Refunds of orders that were placed here. ``records`` holds the rules of then."""

    def __init__(
        self, shop: Callable[[], Shop], memos: MemoBook, redemptions: Redemptions, records: Records
    ) -> None:
        self.shop = shop
        self._memos = memos
        self._redemptions = redemptions
        self._records = records

    async def refund(self, asked: RefundRequest, now_us: int, *, dry_run: bool) -> CreditMemo:
        """Answer with the memo, and keep it once a ``request_id``; a dry run keeps nothing.

        Raises NotFound, InvalidInput, and Conflict when the order is not paid or the request id
        came with another question.
        """
        record, shown = await self._redemptions.read(asked.redemption_id or "", now_us)
        if shown.state != "committed":
            raise Conflict(_UNPAID)
        order = await self._order(record, asked)
        for _ in range(TRIES_MAX):
            issued = await self._memos.issued(record.redemption_id)
            known = next((one for one in issued if one.request_id == asked.request_id), None)
            if known is not None and not dry_run:
                await self._redemptions.points_back(record, now_us)
                return await self._again(known, asked, shown, now_us)
            memo = self._memo(asked, order, issued, now_us)
            charge = await self._redemptions.points_charge(
                record, memo.points.returned, memo.points.taken_back, now_us
            )
            if charge.amount:
                memo = self._memo(asked, order, issued, now_us, charge)
            memo = await self._by_batches(memo, record, now_us)
            if dry_run:
                return memo
            if await self._memos.issue(record, _issued(record, asked, memo), now_us):
                await self._redemptions.points_back(record, now_us)
                return await self._give_back(memo, shown, now_us)
        raise Unavailable(_BUSY)

    async def memos(self, redemption_id: str, now_us: int) -> list[CreditMemo]:
        """Return the memos of an order in their order. Raises NotFound."""
        record, _ = await self._redemptions.read(redemption_id, now_us)
        return [one.memo for one in await self._memos.issued(record.redemption_id)]

    def _memo(
        self,
        asked: RefundRequest,
        order: Order,
        issued: list[Issued],
        now_us: int,
        charge: PointsCharge = NO_CHARGE,
    ) -> CreditMemo:
        if len(issued) >= RETURNS_MAX:
            raise Conflict(_FULL)
        returned = tuple(one.memo for one in issued)
        so_far = replace(asked, order=order, returned=returned)
        return refund(so_far, self.shop(), now_us, charge)

    async def _by_batches(self, memo: CreditMemo, record: Record, now_us: int) -> CreditMemo:
        """Return the memo in which codes come back as the rules of their batches say."""
        ask = self._redemptions.would_come_back
        coupons = [
            replace(item, returned=item.returned and await ask(record, item.code, now_us))
            for item in memo.coupons
        ]
        return replace(memo, coupons=tuple(coupons))

    async def _order(self, record: Record, asked: RefundRequest) -> Order:
        if record.quote is None or record.question is None:
            raise InvalidInput(FieldError("redemption_id", _NO_QUOTE))
        if "customer" not in record.question and asked.policy.discounts != "keep":
            raise InvalidInput(FieldError("policy.discounts", _ERASED))
        quote = msgspec.convert(record.quote, PaidQuote)
        question = msgspec.convert(record.question, QuoteRequest)
        question = replace(question, now=record.reserved_at)
        if record.profile is not None:
            question = replace(question, profile=msgspec.convert(record.profile, Profile))
        if asked.policy.discounts == "keep":
            return Order(quote, question)
        used = [item.promotion_id for item in quote.applied]
        at_us = parse_rfc3339(record.reserved_at)
        promotions = await self._records.read(lambda conn: rules_of_then(conn, used, at_us))
        return Order(quote, question, promotions)

    async def _again(
        self, known: Issued, asked: RefundRequest, shown: Redemption, now_us: int
    ) -> CreditMemo:
        if known.asked != _digest(asked):
            raise Conflict(_OTHER)
        return await self._give_back(known.memo, shown, now_us)

    async def _give_back(self, memo: CreditMemo, shown: Redemption, now_us: int) -> CreditMemo:
        """Give uses and budgets back, at most what is left of each; once a memo.

        Returns of one order go one after the other: one that comes between is waited for.
        """
        name = f"{MEMO}{memo.number}"
        for _ in range(TRIES_MAX):
            given, stock = tuple(_left(memo, shown)), _stock_left(memo, shown)
            is_done = any(one.request_id == name for one in shown.returns)
            if is_done or not (given or stock):
                return memo
            asked = NewReturn(name, given, stock, "refund")
            try:
                await self._redemptions.give_back(shown.id, asked, now_us)
            except (Conflict, InvalidInput):
                _, shown = await self._redemptions.read(shown.id, now_us)
            else:
                return memo
        raise Unavailable(_BUSY)


def _left(memo: CreditMemo, shown: Redemption) -> Iterator[GivenBack]:
    """Yield what the memo gives back of each promotion, at most what is left of it."""
    back = [item for one in shown.returns for item in one.promotions]
    asked = {item.promotion_id: item for item in memo.promotions}
    for one in shown.promotions:
        name = one.promotion_id
        item, own = asked.get(name), [past for past in back if past.promotion_id == name]
        gone = sum(past.amount for past in own)
        amount = 0 if item is None else min(item.amount, one.amount - gone)
        use = item is not None and item.use and not any(past.use for past in own)
        gifts = _gifts_left(memo, one, own)
        if amount or use or gifts:
            yield GivenBack(name, amount, use, gifts)


def _gifts_left(memo: CreditMemo, of: Redeemed, back: Sequence[Returned]) -> dict[str, int]:
    """Return the gifts that have come back by now and are not yet in stock again."""
    found = {}
    for gift in memo.gifts:
        counter = gift_counter(of.promotion_id, gift.sku)
        if gift.promotion_id == of.promotion_id and counter in of.takes:
            came = min(gift.came_back, of.takes[counter])
            found[gift.sku] = came - sum(past.gifts.get(gift.sku, 0) for past in back)
    return {sku: quantity for sku, quantity in found.items() if quantity > 0}


def _stock_left(memo: CreditMemo, shown: Redemption) -> tuple[str, ...]:
    """Return the reservations that go back into stock with the memo and have not yet."""
    back = {name for one in shown.returns for name in one.reservations}
    own = {one.reservation_id for one in shown.reservations}
    return tuple(one for one in memo.reservations if one in own - back)


def _issued(record: Record, asked: RefundRequest, memo: CreditMemo) -> Issued:
    return Issued(
        record.redemption_id,
        record.order_id,
        record.currency,
        memo.totals.total,
        asked.request_id,
        _digest(asked),
        memo,
    )


def _digest(asked: RefundRequest) -> str:
    return blake2b(msgspec.json.encode(asked), digest_size=12).hexdigest()
