"""What a cancelled or refunded order gives back: money to budgets, and uses where they are asked.

Returns of one redemption are numbered. The ledger's key of a return is its request, so that two are
two; of two at once the later finds the number taken in the log and takes the next. What went back
in all never exceeds what was spent.
"""

from collections.abc import Collection, Mapping, Sequence

from queqiao.decide.promotions.coupons.redemption import Asked, Coupons
from queqiao.decide.promotions.redemptions.claims import budget_counter
from queqiao.decide.promotions.redemptions.log_book import RETURNS_MAX, LogBook, name_of_request
from queqiao.decide.promotions.redemptions.redemption_types import (
    GivenBack,
    NewReturn,
    Record,
    Redeemed,
    Return,
    Returned,
)
from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.errors import Conflict, FieldError, InvalidInput, Message
from queqiao.ports.ledger.base import Ledger

_UNPAID = Message("订单尚未核销，请用 release 释放", "it is not committed; give it up by release")
_UNFINISHED = Message("另一次退回尚未完成，请再试", "another return is under way; try again")
_UNKNOWN = Message("该订单没有用这个促销", "the order has not used this promotion")
_MORE = Message("超过尚可退回的金额", "more than is left to give back")
_OTHER = Message(
    "同一 request_id 的退回内容不同，请换 request_id", "another return; use a new request_id"
)
_NAMELESS = Message(
    "填了 promotions 时须有 request_id", "with promotions a request_id is needed; give one"
)
_TWICE = Message("已退回过次数", "its use was given back already")


class GivingBack:
    """Gives back what a redemption has spent."""

    def __init__(self, ledger: Ledger, book: LogBook, coupons: Coupons) -> None:
        self._ledger = ledger
        self._book = book
        self._coupons = coupons

    async def give_back(self, record: Record, asked: NewReturn, now_us: int) -> Return:
        """Give back once a request; the same request gets the first answer.

        Raises Conflict when the redemption is not committed, another return is under way, or the
        request came with other content; InvalidInput for more than is left, and for parts without a
        ``request_id``.
        """
        if asked.promotions is not None and not asked.request_id:
            raise InvalidInput(FieldError("request_id", _NAMELESS))
        committed = await self._book.settled(record, "committed")
        if committed is None:
            raise Conflict(_UNPAID)
        for _ in range(RETURNS_MAX):
            earlier = await self._book.returns(record)
            known = next((one for one in earlier if one.request_id == asked.request_id), None)
            if known is not None:
                return _same(record, asked, known, earlier)
            given_back = Return(
                len(earlier),
                asked.request_id,
                asked.reason,
                format_rfc3339(now_us),
                _wanted(record, asked, earlier),
            )
            await self._refund(record, given_back, committed.ledger_key, now_us)
            before = {name: given_amount(earlier, name) for name in _redeemed(record)}
            if await self._book.give_back(record, given_back, before, now_us):
                return given_back
        raise Conflict(_UNFINISHED)

    async def _refund(self, record: Record, given_back: Return, of_key: str, now_us: int) -> None:
        key = f"{of_key}:return:{name_of_request(given_back.request_id)}"
        kept = await self._kept_codes(record, given_back, now_us)
        amounts = _amounts(record, given_back, kept)
        try:
            await self._ledger.refund(key, of_key, amounts, now_us)
        except (Conflict, InvalidInput) as error:
            raise Conflict(_UNFINISHED) from error

    async def _kept_codes(self, record: Record, given_back: Return, now_us: int) -> Collection[str]:
        """Return the promotions whose codes stay used, by the rule of their batch."""
        kept = set()
        for item in given_back.promotions:
            code = _redeemed(record)[item.promotion_id].code
            if item.use and code is not None:
                customer_id = record.customer_id or ""
                asked = Asked(code, customer_id, record.order_id, "", now_us)
                if not await self._coupons.comes_back(asked):
                    kept.add(item.promotion_id)
        return kept


def _redeemed(record: Record) -> Mapping[str, Redeemed]:
    return {item.promotion_id: item for item in record.promotions}


def _same(record: Record, asked: NewReturn, known: Return, earlier: Sequence[Return]) -> Return:
    """Return what the request did before. Raises Conflict when it came with other content."""
    before = earlier[: known.number]
    if asked.promotions is None:
        wanted = _wanted(record, asked, before)
    else:
        wanted = [Returned(one.promotion_id, one.amount, one.use) for one in asked.promotions]
    if wanted != known.promotions:
        raise Conflict(_OTHER)
    return known


def given_amount(earlier: Sequence[Return], promotion_id: str) -> int:
    """Return how much of a promotion went back earlier."""
    items = [item for one in earlier for item in one.promotions]
    return sum(item.amount for item in items if item.promotion_id == promotion_id)


def _is_used(earlier: Sequence[Return], promotion_id: str) -> bool:
    items = [item for one in earlier for item in one.promotions]
    return not any(item.use for item in items if item.promotion_id == promotion_id)


def _wanted(record: Record, asked: NewReturn, earlier: Sequence[Return]) -> list[Returned]:
    """Return what goes back: what was asked, or all that is left. Raises InvalidInput."""
    if asked.promotions is None:
        return [
            Returned(name, item.amount - given_amount(earlier, name), _is_used(earlier, name))
            for name, item in _redeemed(record).items()
        ]
    redeemed, errors = _redeemed(record), list[FieldError]()
    for index, given in enumerate(asked.promotions):
        errors += _errors(f"promotions[{index}]", given, redeemed, earlier)
    if len({given.promotion_id for given in asked.promotions}) < len(asked.promotions):
        message = Message("促销重复，请合并", "a promotion is named twice; put them together")
        errors.append(FieldError("promotions", message))
    if errors:
        raise InvalidInput(*errors)
    return [Returned(given.promotion_id, given.amount, given.use) for given in asked.promotions]


def _errors(
    path: str, given: GivenBack, redeemed: Mapping[str, Redeemed], earlier: Sequence[Return]
) -> list[FieldError]:
    name = given.promotion_id
    if name not in redeemed:
        return [FieldError(f"{path}.promotion_id", _UNKNOWN)]
    errors = []
    if given.amount > redeemed[name].amount - given_amount(earlier, name):
        errors.append(FieldError(f"{path}.amount", _MORE))
    if given.use and not _is_used(earlier, name):
        errors.append(FieldError(f"{path}.use", _TWICE))
    return errors


def _amounts(record: Record, given_back: Return, kept: Collection[str]) -> dict[str, int]:
    """Return what goes back by counter; of ``kept`` promotions the uses of codes do not."""
    amounts: dict[str, int] = {}
    redeemed = _redeemed(record)
    for item in given_back.promotions:
        name = item.promotion_id
        amounts[budget_counter(name)] = item.amount
        for counter, taken in redeemed[name].takes.items() if item.use else ():
            if counter.startswith("coupon:") and name in kept:
                continue
            amounts.setdefault(counter, taken)
    return amounts
