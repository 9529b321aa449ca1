"""What a cancelled or refunded order gives back: money to budgets, and uses where they are asked.

Returns of one redemption are numbered. The ledger's key of a return is its request, so that two are
two; of two at once the later finds the number taken in the log and takes the next. What went back
in all never exceeds what was spent.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress

from queqiao.decide.promotions.coupons.codes import normal
from queqiao.decide.promotions.coupons.redemption import Coupons
from queqiao.decide.promotions.coupons.uses import OF_CODES
from queqiao.decide.promotions.redemptions.claims import budget_counter, is_budget
from queqiao.decide.promotions.redemptions.gift_stock import gift_counter, sku_of
from queqiao.decide.promotions.redemptions.log_book import RETURNS_MAX, LogBook, name_of_request
from queqiao.decide.promotions.redemptions.points import OF_POINTS
from queqiao.decide.promotions.redemptions.redemption_types import (
    GivenBack,
    NewReturn,
    Record,
    Redeemed,
    Return,
    Returned,
)
from queqiao.decide.promotions.redemptions.reservations import Reservations
from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.errors import Conflict, FieldError, InvalidInput, Message
from queqiao.ports.ledger.base import Ledger

_UNPAID = Message("订单尚未核销，请用 release 释放", "it is not committed; give it up by release")
_UNFINISHED = Message("另一次退回尚未完成，请再试", "another return is under way; try again")
_UNKNOWN = Message("该订单没有用这个促销", "the order has not used this promotion")
_MORE = Message("超过尚可退回的金额", "more than is left to give back")
_MORE_GIFTS = Message("超过尚未退回的赠品", "more than are still out")
_OTHER = Message(
    "同一 request_id 的退回内容不同，请换 request_id", "another return; use a new request_id"
)
_NAMELESS = Message(
    "填了 promotions 时须有 request_id", "with promotions a request_id is needed; give one"
)
_NOTHING = Message(
    "没有要退回的；全部退回就不填 promotions",
    "nothing goes back by this; leave promotions out and all that is left goes back",
)
_NO_RESERVATION = Message(
    "该订单没有这笔秒杀预留，或已退回", "not one of the order's reservations, or back already"
)
_TWICE = Message("已退回过次数", "its use was given back already")


class GivingBack:
    """Gives back what a redemption has spent."""

    def __init__(
        self, ledger: Ledger, book: LogBook, coupons: Coupons, reservations: Reservations
    ) -> None:
        self._reservations = reservations
        self._ledger = ledger
        self._book = book
        self._coupons = coupons

    async def give_back(self, record: Record, asked: NewReturn, now_us: int) -> Return:
        """Give back once a request; the same request gets the first answer.

        Raises Conflict when the redemption is not committed, another return is under way, or the
        request came with other content; InvalidInput for more than is left, and for parts without a
        ``request_id``.
        """
        if (asked.promotions is not None or asked.reservations) and not asked.request_id:
            raise InvalidInput(FieldError("request_id", _NAMELESS))
        committed = await self._book.settled(record, "committed")
        if committed is None:
            raise Conflict(_UNPAID)
        for _ in range(RETURNS_MAX):
            earlier = await self._book.returns(record)
            known = next((one for one in earlier if one.request_id == asked.request_id), None)
            if known is not None:
                return _same(record, asked, known, earlier)
            if asked.promotions == () and not asked.reservations:
                raise InvalidInput(FieldError("promotions", _NOTHING))
            given_back = Return(
                len(earlier),
                asked.request_id,
                asked.reason,
                format_rfc3339(now_us),
                _wanted(record, asked, earlier),
                _stock_back(record, asked, earlier),
                whole=asked.promotions is None,
            )
            await self._reservations.put_back(record, given_back.reservations, now_us)
            await self._refund(record, given_back, committed.ledger_key, now_us)
            await self._free_codes(record, given_back, earlier, committed.ledger_key, now_us)
            before = {name: given_amount(earlier, name) for name in _redeemed(record)}
            if await self._book.give_back(record, given_back, before, now_us):
                return given_back
        raise Conflict(_UNFINISHED)

    async def _refund(self, record: Record, given_back: Return, of_key: str, now_us: int) -> None:
        key = f"{of_key}:return:{name_of_request(given_back.request_id)}"
        try:
            await self._ledger.refund(key, of_key, _amounts(record, given_back), now_us)
        except (Conflict, InvalidInput) as error:
            raise Conflict(_UNFINISHED) from error

    async def _free_codes(
        self,
        record: Record,
        given_back: Return,
        earlier: Sequence[Return],
        of_key: str,
        now_us: int,
    ) -> None:
        """Give back the uses of codes that the order needs no more, by the rule of their batch.

        Each code has a key of its own: of two returns at once, only the later in the log sees that
        nothing of the order needs the code any more.
        """
        for code, amounts in _freed(record, given_back, earlier).items():
            if await self._coupons.coming_back.does(code, record.customer_id or "", now_us):
                with suppress(InvalidInput):  # it came back with its promotion, by an older version
                    await self._ledger.refund(f"{of_key}:code:{code}", of_key, amounts, now_us)


def _redeemed(record: Record) -> Mapping[str, Redeemed]:
    return {item.promotion_id: item for item in record.promotions}


def _same(record: Record, asked: NewReturn, known: Return, earlier: Sequence[Return]) -> Return:
    """Return what the request did before. Raises Conflict when it came with other content."""
    before = earlier[: known.number]
    if asked.promotions is None:
        wanted = _wanted(record, asked, before)
    else:
        wanted = [_given_back(record, one, before) for one in asked.promotions]
    if wanted != known.promotions or _stock_back(record, asked, before) != known.reservations:
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
            Returned(
                name,
                item.amount - given_amount(earlier, name),
                _is_used(earlier, name),
                _gifts_out(item, earlier),
            )
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
    return [_given_back(record, given, earlier) for given in asked.promotions]


def _given_back(record: Record, given: GivenBack, earlier: Sequence[Return]) -> Returned:
    gifts = given.gifts
    if gifts is None:
        item = _redeemed(record).get(given.promotion_id)
        gifts = _gifts_out(item, earlier) if item is not None and given.use else {}
    return Returned(given.promotion_id, given.amount, given.use, gifts)


def _gifts_out(item: Redeemed, earlier: Sequence[Return]) -> dict[str, int]:
    """Return how many units of a promotion's gifts have not come back."""
    name = item.promotion_id
    given = {sku_of(counter, name): amount for counter, amount in item.takes.items()}
    back = [one.gifts for each in earlier for one in each.promotions if one.promotion_id == name]
    out = {
        sku: amount - sum(gifts.get(sku, 0) for gifts in back)
        for sku, amount in given.items()
        if sku is not None
    }
    return {sku: amount for sku, amount in out.items() if amount}


def _stock_back(record: Record, asked: NewReturn, earlier: Sequence[Return]) -> list[str]:
    """Return the reservations whose goods go back into stock: those asked for, or all that may.

    Raises InvalidInput for what the order does not have or gave back.
    """
    gone = {one for each in earlier for one in each.reservations}
    if asked.promotions is None:
        some = [one for one in record.reservations if one.returns_stock != "never"]
        return [one.reservation_id for one in some if one.reservation_id not in gone]
    known = {one.reservation_id for one in record.reservations} - gone
    for index, name in enumerate(asked.reservations):
        if name not in known:
            raise InvalidInput(FieldError(f"reservations[{index}]", _NO_RESERVATION))
        known.discard(name)
    return list(asked.reservations)


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
    out = _gifts_out(redeemed[name], earlier)
    if any(amount > out.get(sku, 0) for sku, amount in (given.gifts or {}).items()):
        errors.append(FieldError(f"{path}.gifts", _MORE_GIFTS))
    return errors


def _amounts(record: Record, given_back: Return) -> dict[str, int]:
    """Return what goes back by counter, but for the uses of codes."""
    amounts: dict[str, int] = {}
    redeemed = _redeemed(record)
    for item in given_back.promotions:
        takes, name = redeemed[item.promotion_id].takes, item.promotion_id
        money = (counter for counter in takes if is_budget(counter, name))
        amounts[next(money, budget_counter(name))] = item.amount
        for sku, quantity in item.gifts.items():
            amounts[gift_counter(name, sku)] = quantity
        for counter, taken in takes.items() if item.use else ():
            is_gift = sku_of(counter, name) is not None
            # Points go back by their own account.
            if not is_gift and not counter.startswith((OF_CODES, OF_POINTS)):
                amounts.setdefault(counter, taken)
    return amounts


def _freed(
    record: Record, given_back: Return, earlier: Sequence[Return]
) -> Mapping[str, Mapping[str, int]]:
    """Return what the codes took of which the last promotion gives its use back now."""
    now = {item.promotion_id for item in given_back.promotions if item.use}
    taken: dict[str, dict[str, int]] = {}
    wanted, freeing = set[str](), set[str]()
    for name, item in _redeemed(record).items():
        if item.code is None:
            continue
        code = normal(item.code)
        own = {one: n for one, n in item.takes.items() if one.startswith(OF_CODES)}
        taken.setdefault(code, {}).update(own)
        if name in now:
            freeing.add(code)
        elif _is_used(earlier, name):
            wanted.add(code)
    return {code: taken[code] for code in taken if code in freeing - wanted}
