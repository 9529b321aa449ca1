"""Which units come back now: by their places, or so many of those that are still out."""

from collections.abc import Sequence

from queqiao.decide.promotions.refunds.policy import RefundPolicy
from queqiao.decide.promotions.refunds.refund_types import RefundRequest, ReturnedItem
from queqiao.decide.promotions.refunds.sold import Sold, SoldLine, Units
from queqiao.kernel.errors import FieldError, InvalidInput, Message

_ONE = Message("units 与 quantity 须且只能填一个", "give either units or quantity")
_NO_LINE = Message("订单中没有这一行", "the order has no such line")
_NO_UNIT = Message(
    "没有这一件，或已退过，或重复", "no such unit, or it came back before, or is named twice"
)
_TOO_MANY = Message("超过尚未退回的件数", "more than are still out")
_NOTHING = Message(
    "请写明退回哪些商品 (items)、赠品 (gifts)，或 everything",
    "say what comes back: items, gifts, or everything",
)


def coming_back(sold: Sold, before: Units, request: RefundRequest) -> Units:
    """Return the units of this refund. Raises InvalidInput naming what cannot come back."""
    out = [
        set(range(len(line.units))) - gone for line, gone in zip(sold.lines, before, strict=True)
    ]
    if request.everything:
        return out
    now = sold.no_units()
    for index, item in enumerate(request.items):
        place = sold.place(item.line)
        if place is None:
            raise InvalidInput(FieldError(f"items[{index}].line", _NO_LINE))
        free = out[place] - now[place]
        path = f"items[{index}]"
        now[place] |= _units(item, sold.lines[place], free, request.policy, path)
    if not any(now) and not request.gifts:
        raise InvalidInput(FieldError("items", _NOTHING))
    return now


def _units(
    item: ReturnedItem, line: SoldLine, free: set[int], policy: RefundPolicy, path: str
) -> set[int]:
    if (item.units is None) == (item.quantity is None):
        raise InvalidInput(FieldError(path, _ONE))
    if item.units is not None:
        chosen = set(item.units)
        if len(chosen) < len(item.units) or not chosen <= free:
            raise InvalidInput(FieldError(f"{path}.units", _NO_UNIT))
        return chosen
    quantity = item.quantity or 0
    if quantity > len(free):
        raise InvalidInput(FieldError(f"{path}.quantity", _TOO_MANY))
    return set(_in_order(line, free, policy)[:quantity])


def _in_order(line: SoldLine, free: set[int], policy: RefundPolicy) -> Sequence[int]:
    places = sorted(free)
    if policy.units == "first":
        return places
    reverse = policy.units == "dearest"
    return sorted(places, key=lambda place: line.units[place].paid, reverse=reverse)
