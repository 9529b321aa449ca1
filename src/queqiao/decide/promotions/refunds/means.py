"""Money goes back by the means of payment that paid it, never more than each paid."""

from collections.abc import Sequence

from queqiao.decide.promotions.refunds.policy import RefundPolicy
from queqiao.decide.promotions.refunds.refund_types import CreditMemo, Payment
from queqiao.decide.promotions.refunds.sold import HELD_HERE
from queqiao.decide.promotions.sharing import spread


def pay_back(
    amount: int, paid: Sequence[Payment], memos: Sequence[CreditMemo], policy: RefundPolicy
) -> tuple[Payment, ...]:
    """Return what each means gets back of ``amount``, at most what it has still paid."""
    left = _left(paid, memos)
    if policy.payments == "proportional":
        parts = spread(amount, left, "largest_fraction") if amount else [0] * len(paid)
    else:
        cards_first = policy.payments == "cards_first"
        order = sorted(
            range(len(paid)), key=lambda place: (paid[place].method in HELD_HERE) != cards_first
        )
        parts = _in_turn(amount, left, order)
    pairs = zip(paid, parts, strict=True)
    return tuple(Payment(means.method, part, means.id) for means, part in pairs if part)


def _left(paid: Sequence[Payment], memos: Sequence[CreditMemo]) -> list[int]:
    left = [payment.amount for payment in paid]
    for memo in memos:
        for back in memo.payments:
            amount = back.amount
            for place, means in enumerate(paid):
                if (means.method, means.id) == (back.method, back.id):
                    part = min(amount, left[place])
                    left[place] -= part
                    amount -= part
    return left


def _in_turn(amount: int, left: Sequence[int], order: Sequence[int]) -> list[int]:
    parts = [0] * len(left)
    for place in order:
        parts[place] = min(amount, left[place])
        amount -= parts[place]
    return parts
