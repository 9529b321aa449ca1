"""Orders: completed, refunded, cancelled, adjusted, as signed lines.

A sale's lines are positive, credits are negative, an adjustment has the sign that it came with. The
machine remembers each order's lines and what was credited on them, so that a refund of some units,
or of an amount only, lands on the right lines to the last minor unit.
"""

from typing import Literal, NamedTuple

import msgspec

from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.process.attribution import Click
from queqiao.process.facts import Properties, text_of
from queqiao.process.lines import Line, money_line, priced_lines, sale_lines, scaled_to, total_of
from queqiao.process.state import Keyed

Kind = Literal["sale", "credit", "adjustment"]

KINDS: dict[str, Kind] = {
    "Order Completed": "sale",
    "Order Refunded": "credit",
    "Order Cancelled": "credit",
    "Order Adjusted": "adjustment",
}
"""The events that make lines."""


class Left(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One sold line, and what of it has not been credited yet."""

    line: Line
    quantity: int
    amount_minor: int


class Order(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A completed order as the machine remembers it."""

    currency: str
    left: list[Left]
    campaign_id: str
    decision_id: str
    promotion_ids: list[str]
    coupon: str


class Booking(NamedTuple):
    """The lines of one event, with what they share."""

    kind: Kind
    order_id: str
    order: Order
    lines: list[Line]


class Orders:
    """The machine. ``currency`` is read where an event names none."""

    def __init__(self, state: Keyed[Order], currency: str) -> None:
        self._state = state
        self._currency = currency

    def book(self, event: str, properties: Properties, click: Click) -> Booking:
        """Return the lines of an order event. Raises InvalidInput for what cannot be booked."""
        order_id = text_of(properties.order_id)
        if not order_id:
            message = Message("缺少订单号", "the order is not named")
            raise InvalidInput(FieldError("properties.order_id", message))
        known = self._state.get(order_id)
        if event == "Order Completed":
            return self._complete(order_id, known, properties, click)
        order = known or self._described(properties, click)
        if event == "Order Adjusted":
            return Booking("adjustment", order_id, order, _adjustment(properties, order.currency))
        whole = event == "Order Cancelled"
        return self._credit(order_id, order, known is not None, whole, properties)

    def _complete(
        self, order_id: str, known: Order | None, properties: Properties, click: Click
    ) -> Booking:
        described = self._described(properties, click)
        lines = sale_lines(properties, described.currency)
        if known is not None:
            message = Message("该订单已完成过，未重复计入", "completed before; not counted again")
            raise InvalidInput(FieldError("properties.order_id", message))
        left = [Left(line, line.quantity, line.amount_minor) for line in lines]
        order = msgspec.structs.replace(described, left=left)
        self._state.put(order_id, order)
        return Booking("sale", order_id, order, lines)

    def _described(self, properties: Properties, click: Click) -> Order:
        """Return an order without lines from what the event itself says."""
        promotions = [*properties.promotion_ids]
        if properties.promotion_id is not None:
            promotions.append(text_of(properties.promotion_id))
        return Order(
            properties.currency or self._currency,
            [],
            text_of(properties.campaign_id) or click.campaign_id,
            text_of(properties.decision_id) or click.decision_id,
            list(dict.fromkeys(promotions)),
            properties.coupon or "",
        )

    def _credit(
        self, order_id: str, order: Order, known: bool, whole: bool, properties: Properties
    ) -> Booking:
        total = None if whole and known else total_of(properties, order.currency)
        if properties.products and not (whole and known):
            asked = _of_products(order, properties)
        else:
            asked = _of_rest(order, total)
        lines = asked if total is None else scaled_to(asked, abs(total))
        if known:
            self._state.put(order_id, _after(order, lines))
        return Booking("credit", order_id, order, [_negated(line) for line in lines])


def _adjustment(properties: Properties, currency: str) -> list[Line]:
    lines = priced_lines(properties, currency)
    if lines:
        return lines
    total = total_of(properties, currency)
    if total is None:
        message = Message("需要 products 或 total", "products or a total are needed")
        raise InvalidInput(FieldError("properties.total", message))
    return [money_line(total)]


def _of_products(order: Order, properties: Properties) -> list[Line]:
    """Return what the named units are worth: their own price, else what was paid for them."""
    left = {one.line.sku: one for one in reversed(order.left)}
    lines = priced_lines(properties, order.currency)
    return [
        _paid(left[line.sku], line)
        if item.price is None and item.price_minor is None and line.sku in left
        else line
        for line, item in zip(lines, properties.products, strict=True)
    ]


def _paid(left: Left, asked: Line) -> Line:
    """Return the amount paid for that many of the units left, exact over any sequence of them."""
    quantity = min(asked.quantity, left.quantity)
    amount = left.amount_minor * quantity // left.quantity if left.quantity else 0
    listed = left.line.list_minor * quantity // left.line.quantity if left.line.quantity else 0
    return msgspec.structs.replace(
        left.line,
        quantity=quantity,
        list_minor=listed,
        discount_minor=listed - amount,
        amount_minor=amount,
    )


def _of_rest(order: Order, total: int | None) -> list[Line]:
    """Return everything not yet credited; with a total, as the lines to spread it over."""
    if not order.left:
        if total is None:
            message = Message(
                "订单未知，且没有金额", "the order is not known and no amount is given"
            )
            raise InvalidInput(FieldError("properties.order_id", message))
        return [money_line(abs(total))]
    rest = [
        msgspec.structs.replace(
            one.line,
            quantity=one.quantity if total is None else 0,
            list_minor=one.amount_minor,
            discount_minor=0,
            amount_minor=one.amount_minor,
        )
        for one in order.left
    ]
    return [line for line in rest if line.amount_minor or line.quantity] or rest[:1]


def _after(order: Order, credited: list[Line]) -> Order:
    """Return the order with less left: each credit is taken from the lines of its SKU in turn."""
    left = list(order.left)
    for credit in credited:
        quantity, amount = credit.quantity, credit.amount_minor
        for index, one in enumerate(left):
            if one.line.sku == credit.sku and (quantity or amount):
                units, minor = min(quantity, one.quantity), min(amount, one.amount_minor)
                left[index] = Left(one.line, one.quantity - units, one.amount_minor - minor)
                quantity, amount = quantity - units, amount - minor
    return msgspec.structs.replace(order, left=left)


def _negated(line: Line) -> Line:
    return msgspec.structs.replace(
        line,
        quantity=-line.quantity,
        list_minor=-line.list_minor,
        discount_minor=-line.discount_minor,
        amount_minor=-line.amount_minor,
    )
