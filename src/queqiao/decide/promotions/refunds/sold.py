"""The order as refunds reckon with it: every unit with what was paid, and what is out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from queqiao.decide.promotions.customer_types import UNITS_MAX
from queqiao.decide.promotions.refunds.refund_types import (
    Order,
    PaidLine,
    PaidQuote,
    Payment,
)
from queqiao.kernel.errors import FieldError, InvalidInput, Message

HELD_HERE = frozenset(("card", "store_credit"))
"""Means of payment whose money the system keeps itself."""
"""The method of stored-value cards."""

Units = list[set[int]]
"""For each line in the quote's order, the places of units."""


class SoldUnit(NamedTuple):
    """What was paid for a unit (tax on top included), the tax in it, what was taken off it."""

    paid: int
    tax: int
    discount: int


class SoldLine(NamedTuple):
    """A line of the order, unit by unit; ``shares``: what each promotion took off the line."""

    id: str
    sku: str
    unit_price: int
    units: Sequence[SoldUnit]
    shares: Mapping[str, int]


class Sold(NamedTuple):
    """An order whose amounts add up. ``shipping``: as paid, with the tax on top of it."""

    quote: PaidQuote
    lines: Sequence[SoldLine]
    shipping: int
    payments: Sequence[Payment]

    def place(self, line_id: str) -> int | None:
        """Return where a line stands."""
        return next((place for place, line in enumerate(self.lines) if line.id == line_id), None)

    def every_unit(self) -> Units:
        """Return all units."""
        return [set(range(len(line.units))) for line in self.lines]

    def no_units(self) -> Units:
        """Return none of the units."""
        return [set() for _ in self.lines]

    def of(self, units: Units) -> Iterator[SoldUnit]:
        """Yield what was paid for some units."""
        for line, places in zip(self.lines, units, strict=True):
            for place in sorted(places):
                yield line.units[place]


def paid(units: Iterable[SoldUnit]) -> int:
    """Return what was paid for units in all."""
    return sum(unit.paid for unit in units)


def sold(order: Order, path: str = "order") -> Sold:
    """Return the order. Raises InvalidInput naming every amount that does not add up."""
    quote = order.quote
    errors = list(_line_errors(quote.lines, f"{path}.quote.lines"))
    if errors:
        raise InvalidInput(*errors)
    on_top = _tax_is_on_top(quote, f"{path}.quote.totals")
    lines = [_line(line, on_top=on_top) for line in quote.lines]
    shipping = quote.shipping.total + (quote.shipping.tax if on_top else 0)
    if paid(unit for line in lines for unit in line.units) + shipping != quote.totals.total:
        raise InvalidInput(FieldError(f"{path}.quote.totals.total", _NOT_THE_SUM))
    return Sold(quote, lines, shipping, _payments(order, path))


_NOT_THE_SUM = Message(
    "与各行、运费、税之和不符，请原样传回报价",
    "is not the sum of lines, shipping and tax; send the quote as it was answered",
)


def _line_errors(lines: Sequence[PaidLine], path: str) -> Iterator[FieldError]:
    if len({line.id for line in lines}) < len(lines):
        yield FieldError(path, Message("行编号重复", "a line id is given twice"))
    if sum(line.quantity for line in lines) > UNITS_MAX:
        yield FieldError(path, Message(f"最多 {UNITS_MAX} 件", f"at most {UNITS_MAX} units"))
        return
    for index, line in enumerate(lines):
        if sum(unit.count for unit in line.units) != line.quantity:
            message = Message("件数须等于 quantity", "must be as many as the quantity")
            yield FieldError(f"{path}[{index}].units", message)
        elif any(unit.discount + unit.total != line.unit_price for unit in line.units):
            message = Message(
                "每件的优惠加实付须等于单价", "discount and total of a unit must be its unit_price"
            )
            yield FieldError(f"{path}[{index}].units", message)


def _tax_is_on_top(quote: PaidQuote, path: str) -> bool:
    """Say whether the tax was added to the prices, from the totals themselves."""
    totals = quote.totals
    without = totals.items - totals.discount + totals.shipping - totals.shipping_discount
    if totals.total not in {without, without + totals.tax}:
        raise InvalidInput(FieldError(f"{path}.total", _NOT_THE_SUM))
    return totals.total != without


def _line(line: PaidLine, *, on_top: bool) -> SoldLine:
    units: list[SoldUnit] = []
    for unit in line.units:
        cost = unit.total + (unit.tax if on_top else 0)
        units += [SoldUnit(cost, unit.tax, unit.discount)] * unit.count
    shares: dict[str, int] = {}
    for share in line.applied:
        shares[share.promotion_id] = shares.get(share.promotion_id, 0) + share.amount
    return SoldLine(line.id, line.sku, line.unit_price, units, shares)


_TOO_MUCH = Message("超过订单总额", "more than the total of the order")


def _payments(order: Order, path: str) -> Sequence[Payment]:
    total = order.quote.totals.total
    if order.payments is None:
        means = [Payment(one.method, one.amount, one.id) for one in order.quote.payments]
        left = total - sum(one.amount for one in means)
        if left < 0 or any(one.amount < 0 for one in means):
            raise InvalidInput(FieldError(f"{path}.quote.payments", _TOO_MUCH))
        return (*means, Payment("original", left))
    if sum(payment.amount for payment in order.payments) != total:
        message = Message("合计须等于订单总额", "must sum to the total of the order")
        raise InvalidInput(FieldError(f"{path}.payments", message))
    return order.payments
