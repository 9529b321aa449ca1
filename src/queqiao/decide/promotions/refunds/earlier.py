"""The memos of earlier refunds: they must fit the order, and be as they were answered."""

from collections.abc import Sequence

from queqiao.decide.promotions.refunds.refund_types import CreditMemo
from queqiao.decide.promotions.refunds.sold import Sold, Units, paid
from queqiao.kernel.errors import FieldError, InvalidInput, Message

_NO_FIT = Message(
    "与订单或更早的退款不符，请原样传回贷记单",
    "does not fit the order and earlier refunds; send the memo as it was answered",
)


def units_of(sold: Sold, memos: Sequence[CreditMemo]) -> Units:
    """Return the units that came back before. Raises InvalidInput for a memo that cannot be."""
    units = sold.no_units()
    goods = shipping = 0
    for index, memo in enumerate(memos):
        path = f"returned[{index}]"
        now = _units(sold, units, memo, path)
        goods += memo.totals.items - memo.totals.claw_back
        shipping += memo.totals.shipping
        whole = sold.quote.totals.total - sold.shipping
        fits = paid(sold.of(now)) == memo.totals.items and goods <= whole
        if not (fits and shipping <= sold.shipping and _adds_up(memo)):
            raise InvalidInput(FieldError(f"{path}.totals", _NO_FIT))
        units = [old | new for old, new in zip(units, now, strict=True)]
    return units


def _units(sold: Sold, before: Units, memo: CreditMemo, path: str) -> Units:
    now = sold.no_units()
    for line in memo.lines:
        place = sold.place(line.id)
        places = {unit.unit for unit in line.units}
        if place is None or len(places) < len(line.units):
            raise InvalidInput(FieldError(f"{path}.lines", _NO_FIT))
        known = set(range(len(sold.lines[place].units))) - before[place] - now[place]
        if not places <= known:
            raise InvalidInput(FieldError(f"{path}.lines", _NO_FIT))
        now[place] |= places
    return now


def _adds_up(memo: CreditMemo) -> bool:
    totals = memo.totals
    total = totals.items - totals.claw_back - totals.restocking_fee + totals.shipping
    total -= totals.points_charged
    fees = (totals.restocking_fee, totals.points_charged, totals.tax)
    parts = (*fees, totals.shipping, totals.shipping_tax, total)
    return min(parts) >= 0 and total == totals.total == sum(pay.amount for pay in memo.payments)
