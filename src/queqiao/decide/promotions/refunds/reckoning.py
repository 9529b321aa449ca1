"""The credit memo. Every amount is what is due in all by now, less what went back before."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from msgspec.structs import replace

from queqiao.decide.promotions.quoting import Shop
from queqiao.decide.promotions.redemptions.points import NO_CHARGE, PointsCharge
from queqiao.decide.promotions.refunds import giving_back
from queqiao.decide.promotions.refunds.coming_back import coming_back
from queqiao.decide.promotions.refunds.earlier import units_of
from queqiao.decide.promotions.refunds.giving_back import Progress
from queqiao.decide.promotions.refunds.kept import Kept, price_kept
from queqiao.decide.promotions.refunds.means import pay_back
from queqiao.decide.promotions.refunds.policy import RefundPolicy, policy_errors
from queqiao.decide.promotions.refunds.refund_types import (
    CreditMemo,
    MemoGift,
    MemoLine,
    MemoPoints,
    MemoTotals,
    MemoUnit,
    RefundRequest,
)
from queqiao.decide.promotions.refunds.sold import Sold, SoldUnit, Units, paid, sold
from queqiao.decide.promotions.rounding import half_up
from queqiao.decide.promotions.sharing import spread
from queqiao.kernel.errors import FieldError, InvalidInput, Message


class _Goods(NamedTuple):
    """What goes back for the goods now: in all, the tax in it, and what gifts cost of it."""

    refund: int
    tax: int
    gifts_charged: int


def refund(
    request: RefundRequest, shop: Shop, now_us: int, charge: PointsCharge = NO_CHARGE
) -> CreditMemo:
    """Answer with the credit memo of what comes back now of an order. Raises InvalidInput."""
    errors = list(policy_errors(request.policy))
    if request.order is None:
        errors.append(FieldError("order", Message("请给出订单", "give the order")))
    if errors or request.order is None:
        raise InvalidInput(*errors)
    order = sold(request.order)
    before = units_of(order, request.returned)
    now = coming_back(order, before, request)
    gone = [old | new for old, new in zip(before, now, strict=True)]
    kept = None
    if request.policy.discounts == "claw_back":
        kept = price_kept(request.order, order, gone, shop, now_us)
    return _memo(Progress(order, gone, request.policy, kept), now, request, charge)


def _memo(
    progress: Progress, now: Units, request: RefundRequest, charge: PointsCharge
) -> CreditMemo:
    memos, order = request.returned, progress.sold
    gifts = giving_back.gifts(progress, memos, request.gifts)
    goods = _goods(progress, now, gifts, memos)
    lines = _lines(order, now, goods.refund, progress.policy)
    shipping, shipping_tax = _shipping(progress, memos)
    items, fee = sum(line.paid for line in lines), sum(line.fee for line in lines)
    before_points = goods.refund - fee + shipping
    charged = min(charge.amount, before_points)
    total = before_points - charged
    totals = MemoTotals(
        items=items,
        claw_back=items - goods.refund,
        gifts_charged=goods.gifts_charged,
        restocking_fee=fee,
        shipping=shipping,
        shipping_tax=shipping_tax,
        tax=goods.tax + shipping_tax,
        total=total,
        points_charged=charged,
    )
    return CreditMemo(
        currency=order.quote.currency,
        lines=lines,
        totals=totals,
        payments=pay_back(total, order.payments, memos, progress.policy),
        coupons=giving_back.coupons(progress, memos),
        points=_points(progress, memos, charge, charged),
        cashback_taken_back=giving_back.cashback(progress, memos),
        gifts=gifts,
        promotions=giving_back.promotions(progress, memos),
        complete=progress.is_complete,
        gifts_came_back=request.gifts,
        number=len(memos),
        reservations=giving_back.reservations(progress, memos),
    )


def _points(
    progress: Progress, memos: Sequence[CreditMemo], charge: PointsCharge, charged: int
) -> MemoPoints:
    """Return the memo's points; those that were charged are as many as the amount is worth."""
    points = giving_back.points(progress, memos)
    paid_for = charge.points * charged // charge.amount if charge.amount else 0
    return replace(points, charged=paid_for) if paid_for else points


def _goods(
    progress: Progress, now: Units, gifts: Sequence[MemoGift], memos: Sequence[CreditMemo]
) -> _Goods:
    due, tax_due = _due(progress)
    charge = giving_back.charge(gifts, progress.policy)
    before = sum(memo.totals.items - memo.totals.claw_back for memo in memos)
    tax_before = sum(memo.totals.tax - memo.totals.shipping_tax for memo in memos)
    refund = max(0, due - charge - before)
    tax = min(refund, max(0, tax_due - tax_before))
    charged = charge - sum(memo.totals.gifts_charged for memo in memos)
    withheld = paid(progress.sold.of(now)) - refund
    return _Goods(refund, tax, min(charged, max(0, withheld)))


def _due(progress: Progress) -> tuple[int, int]:
    """Return what should have gone back for goods by now, and the tax in it."""
    order = progress.sold
    if progress.kept is None:
        gone = list(order.of(progress.gone))
        return paid(gone), sum(unit.tax for unit in gone)
    every = list(order.of(order.every_unit()))
    tax = sum(unit.tax for unit in every) - progress.kept.tax
    return paid(every) - progress.kept.goods - _more_shipping(progress.kept, order), tax


def _more_shipping(kept: Kept, order: Sold) -> int:
    """Return how much more delivery of what is kept costs than was paid for delivery."""
    return max(0, kept.shipping - order.shipping)


def _shipping(progress: Progress, memos: Sequence[CreditMemo]) -> tuple[int, int]:
    order = progress.sold
    due = 0
    if progress.policy.shipping == "proportional":
        due = _by_price(progress, order.shipping)
    elif progress.policy.shipping == "on_full_return" and progress.is_complete:
        due = order.shipping
    tax = order.quote.shipping.tax * due // max(1, order.shipping)
    before = sum(memo.totals.shipping for memo in memos)
    tax_before = sum(memo.totals.shipping_tax for memo in memos)
    now = max(0, due - before)
    return now, min(now, max(0, tax - tax_before))


def _by_price(progress: Progress, amount: int) -> int:
    """Return the share of what is gone, by the prices before promotions."""
    if progress.is_complete:
        return amount
    pairs = list(zip(progress.sold.lines, progress.gone, strict=True))
    every = sum(line.unit_price * len(line.units) for line, _ in pairs)
    gone = sum(line.unit_price * len(places) for line, places in pairs)
    return amount * gone // every if every else 0


def _lines(order: Sold, now: Units, refund: int, policy: RefundPolicy) -> tuple[MemoLine, ...]:
    """Write the units, with what is not refunded of them spread in proportion to their price."""
    places = [(line, place) for line, some in enumerate(now) for place in sorted(some)]
    units = [order.lines[line].units[place] for line, place in places]
    claws = _spread(paid(units) - refund, [unit.paid for unit in units])
    written: dict[int, list[MemoUnit]] = {}
    for (line, place), unit, claw in zip(places, units, claws, strict=True):
        written.setdefault(line, []).append(_unit(place, unit, claw, policy))
    return tuple(_line(order, line, some) for line, some in written.items())


def _spread(amount: int, weights: Sequence[int]) -> list[int]:
    """Spread an amount, at most the sum of the weights, or below 0."""
    if not amount or not weights:
        return [0] * len(weights)
    if amount > 0:
        return spread(amount, weights, "largest_fraction")
    even = weights if any(weights) else [1] * len(weights)
    return [-part for part in spread(-amount, even, "largest_fraction")]


def _unit(place: int, unit: SoldUnit, claw: int, policy: RefundPolicy) -> MemoUnit:
    left = unit.paid - claw
    share = _percent_of(left, policy.restocking_fee_percent)
    fee = min(left, policy.restocking_fee + share)
    return MemoUnit(place, unit.paid, unit.tax, claw, fee, left - fee)


def _percent_of(amount: int, percent: Decimal) -> int:
    numerator, denominator = (percent / 100).as_integer_ratio()
    return half_up(amount * numerator, denominator)


def _line(order: Sold, line: int, units: Sequence[MemoUnit]) -> MemoLine:
    of = order.lines[line]
    return MemoLine(
        id=of.id,
        sku=of.sku,
        quantity=len(units),
        paid=sum(unit.paid for unit in units),
        tax=sum(unit.tax for unit in units),
        claw_back=sum(unit.claw_back for unit in units),
        fee=sum(unit.fee for unit in units),
        refund=sum(unit.refund for unit in units),
        units=tuple(units),
    )
