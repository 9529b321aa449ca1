"""What of an order's promotions goes back by now: amounts, codes, points, cashback, gifts.

Each is a sum over all refunds so far, so that the order of partial returns does not matter.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from queqiao.decide.promotions.refunds.kept import Kept
from queqiao.decide.promotions.refunds.policy import RefundPolicy
from queqiao.decide.promotions.refunds.refund_types import (
    CreditMemo,
    MemoCoupon,
    MemoGift,
    MemoPoints,
    MemoPromotion,
    ReturnedGift,
)
from queqiao.decide.promotions.refunds.sold import Sold, Units, paid
from queqiao.kernel.errors import FieldError, InvalidInput, Message


class Progress(NamedTuple):
    """An order after some refunds: the units that are gone, and what the rest is worth.

    ``kept`` None: nothing is clawed back.
    """

    sold: Sold
    gone: Units
    policy: RefundPolicy
    kept: Kept | None

    @property
    def is_complete(self) -> bool:
        """Say whether every unit has come back."""
        lines = zip(self.sold.lines, self.gone, strict=True)
        return all(len(places) == len(line.units) for line, places in lines)

    def share(self, amount: int) -> int:
        """Return the share of an amount that belongs to what is gone, by what was paid."""
        if self.is_complete:
            return amount
        every = paid(self.sold.of(self.sold.every_unit()))
        return amount * paid(self.sold.of(self.gone)) // every if every else 0


def amounts_back(progress: Progress) -> Mapping[str, int]:
    """Return how much less each promotion gives than it gave to the whole order.

    Gifts and cashback count by their value.
    """
    applied = progress.sold.quote.applied
    if progress.is_complete:
        return {item.promotion_id: item.amount + item.value for item in applied}
    if progress.kept is not None:
        kept = progress.kept.amounts
        return {
            item.promotion_id: max(0, item.amount + item.value - kept.get(item.promotion_id, 0))
            for item in applied
        }
    back = {
        item.promotion_id: progress.share(item.value) if item.kind == "cashback" else 0
        for item in applied
    }
    for line, places in zip(progress.sold.lines, progress.gone, strict=True):
        whole = sum(unit.discount for unit in line.units)
        part = sum(line.units[place].discount for place in places)
        for promotion_id, amount in line.shares.items():
            back[promotion_id] = back.get(promotion_id, 0) + (amount * part // max(1, whole))
    return back


def _gives_nothing(progress: Progress, promotion_id: str) -> bool:
    """Say whether a promotion gives nothing any more on what is kept."""
    if progress.is_complete:
        return True
    if progress.kept is not None:
        return promotion_id not in progress.kept.amounts
    item = next(i for i in progress.sold.quote.applied if i.promotion_id == promotion_id)
    given = item.amount + item.value
    return 0 < given == amounts_back(progress)[promotion_id]


def _is_free(progress: Progress, promotion_id: str) -> bool:
    """Say whether codes and uses of a promotion go back."""
    match progress.policy.coupons:
        case "never":
            return False
        case "on_full_return":
            return progress.is_complete
        case "when_unused":
            return _gives_nothing(progress, promotion_id)


def promotions(progress: Progress, memos: Sequence[CreditMemo]) -> tuple[MemoPromotion, ...]:
    """Return what goes back now to the budgets, and which uses do."""
    back = amounts_back(progress)
    earlier = [item for memo in memos for item in memo.promotions]
    used = {item.promotion_id for item in earlier if item.use}
    found = []
    for promotion_id, amount in back.items():
        before = sum(item.amount for item in earlier if item.promotion_id == promotion_id)
        use = promotion_id not in used and _is_free(progress, promotion_id)
        if amount > before or use:
            found.append(MemoPromotion(promotion_id, max(0, amount - before), use))
    return tuple(found)


def coupons(progress: Progress, memos: Sequence[CreditMemo]) -> tuple[MemoCoupon, ...]:
    """Return the codes that are still used, and whether they become usable again now.

    A code that unlocked several promotions does when the last of them needs it no more.
    """
    done = {item.code for memo in memos for item in memo.coupons if item.returned}
    coded = [item for item in progress.sold.quote.applied if item.code is not None]
    wanted = {item.code for item in coded if not _is_free(progress, item.promotion_id)}
    return tuple(
        MemoCoupon(item.code, item.promotion_id, item.code not in wanted)
        for item in coded
        if item.code is not None and item.code not in done
    )


def points(progress: Progress, memos: Sequence[CreditMemo]) -> MemoPoints:
    """Return the points that go back to the customer now, and those that are taken back."""
    kept, given = progress.kept, progress.sold.quote.points
    returned = sum(memo.points.returned for memo in memos)
    taken = sum(memo.points.taken_back for memo in memos)
    used = _points_back(progress) if progress.policy.points == "return" else 0
    earned = _unearned(progress, given.earned, None if kept is None else kept.points_earned)
    return MemoPoints(max(0, used - returned), max(0, earned - taken))


def _points_back(progress: Progress) -> int:
    """Return the points whose worth belongs to what is gone."""
    given = progress.sold.quote.points
    if progress.is_complete:
        return given.used
    if progress.kept is not None:
        return max(0, given.used - progress.kept.points_used)
    paying = {item.promotion_id for item in progress.sold.quote.applied if item.points_used}
    back = amounts_back(progress)
    worth = sum(back[promotion_id] for promotion_id in paying)
    return given.used * worth // max(1, given.worth)


def _unearned(progress: Progress, amount: int, still: int | None) -> int:
    """Return how much is no longer earned; ``still``: what is, None where shares count."""
    if still is None or progress.is_complete:
        return progress.share(amount)
    return max(0, amount - still)


def cashback(progress: Progress, memos: Sequence[CreditMemo]) -> int:
    """Return the cashback that is taken back now."""
    still = None if progress.kept is None else progress.kept.cashback
    before = sum(memo.cashback_taken_back for memo in memos)
    return max(0, _unearned(progress, progress.sold.quote.cashback, still) - before)


def gifts(
    progress: Progress, memos: Sequence[CreditMemo], now: Sequence[ReturnedGift]
) -> tuple[MemoGift, ...]:
    """Return the gifts that are no longer earned, and how many of them have come back.

    Raises InvalidInput for more gifts than the order had.
    """
    came = _came_back(progress, memos, now)
    found = []
    for (promotion_id, sku), (due, value) in _due(progress).items():
        back = min(due, came.get(sku, 0))
        came[sku] = came.get(sku, 0) - back
        if due:
            found.append(MemoGift(promotion_id, sku, due, back, value))
    return tuple(found)


def _came_back(
    progress: Progress, memos: Sequence[CreditMemo], now: Sequence[ReturnedGift]
) -> dict[str, int]:
    given: dict[str, int] = {}
    for gift in progress.sold.quote.gifts:
        given[gift.sku] = given.get(gift.sku, 0) + gift.quantity
    came: dict[str, int] = {}
    for item in (*(item for memo in memos for item in memo.gifts_came_back), *now):
        came[item.sku] = came.get(item.sku, 0) + item.quantity
    for index, item in enumerate(now):
        if came[item.sku] > given.get(item.sku, 0):
            message = Message("超过订单的赠品数量", "more than the order's gifts of it")
            raise InvalidInput(FieldError(f"gifts[{index}]", message))
    return came


def _due(progress: Progress) -> Mapping[tuple[str, str], tuple[int, int]]:
    """Return by promotion and SKU how many gifts are no longer earned, and their price."""
    due: dict[tuple[str, str], tuple[int, int]] = {}
    if progress.policy.gifts == "keep" or (progress.kept is None and not progress.is_complete):
        return due
    kept: dict[tuple[str, str], int] = {}
    for gift in () if progress.kept is None else progress.kept.gifts:
        kept[gift.promotion_id, gift.sku] = gift.quantity
    for gift in progress.sold.quote.gifts:
        key = gift.promotion_id, gift.sku
        due[key] = max(0, gift.quantity - kept.get(key, 0)), gift.value
    return due


def reservations(progress: Progress, memos: Sequence[CreditMemo]) -> tuple[str, ...]:
    """Return the flash sales' reservations whose goods go back into stock now."""
    done = {one for memo in memos for one in memo.reservations}
    pairs = zip(progress.sold.quote.lines, progress.gone, strict=True)
    sales = [line.flash_sale for line, gone in pairs if len(gone) == line.quantity]
    back = [sale for sale in sales if sale is not None and sale.returns_stock == "refunded"]
    return tuple(sale.reservation_id for sale in back if sale.reservation_id not in done)


def charge(gifts: Sequence[MemoGift], policy: RefundPolicy) -> int:
    """Return the price of gifts that are due and have not come back."""
    if policy.gifts != "charge":
        return 0
    return sum((gift.due - gift.came_back) * gift.value for gift in gifts)
