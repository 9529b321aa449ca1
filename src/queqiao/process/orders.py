"""Orders: completed, refunded, cancelled, adjusted, as signed lines.

A sale's lines are positive, credits are negative, an adjustment has the sign that it came with. The
machine remembers each order's lines and what was credited on them, so that a refund of some units,
or of an amount only, lands on the right lines to the last minor unit, and all refunds together
never take more than the sale. An order is known by its source and its number:
two shops may count alike.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec

from queqiao.kernel.clock import SECOND_US
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.process.attribution import By, Touch
from queqiao.process.lines import Line, money_line, priced_lines, sale_lines, scaled_to, total_of
from queqiao.process.properties import Properties, quantity_of, text_of
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
    attributed_by: By = ""
    attribution_age_s: int = 0


class Booking(NamedTuple):
    """The lines of one event, with what they share."""

    kind: Kind
    order_id: str
    order: Order
    lines: list[Line]
    beyond: Sequence[FieldError] = ()
    """What of a credit could not be counted, and why."""


class Orders:
    """The machine. ``currency`` is read where an event names none.

    ``sources`` remembers which sources have completed a number: two at most, since it only matters
    whether there is exactly one.
    """

    def __init__(self, state: Keyed[Order], sources: Keyed[list[str]], currency: str) -> None:
        self._state = state
        self._sources = sources
        self._currency = currency

    def book(
        self, event: str, source: str, properties: Properties, touch: Touch, at_us: int = 0
    ) -> Booking:
        """Return the lines of an order event of ``at_us``, owed to ``touch``.

        Raises InvalidInput for what cannot be booked.
        """
        order_id = text_of(properties.order_id)
        if not order_id:
            message = Message("缺少订单号", "the order is not named")
            raise InvalidInput(FieldError("properties.order_id", message))
        if event == "Order Completed":
            return self._complete(order_id, source, properties, touch, at_us)
        key = self._key_of_sale(order_id, source)
        known = self._state.get(key)
        order = known or self._described(properties, touch, at_us)
        if event == "Order Adjusted":
            return Booking("adjustment", order_id, order, _adjustment(properties, order.currency))
        whole = event == "Order Cancelled"
        if known is None:
            lines = _asked(order, False, properties)
            return Booking("credit", order_id, order, [_negated(line) for line in lines])
        return self._credit(order_id, key, known, whole, properties)

    def _key_of_sale(self, order_id: str, source: str) -> str:
        """Return the key of the source's own order, else of the only one that has the number."""
        own = _key(source, order_id)
        if self._state.get(own) is not None:
            return own
        sources = self._sources.get(order_id) or []
        return _key(sources[0], order_id) if len(sources) == 1 else own

    def _complete(
        self, order_id: str, source: str, properties: Properties, touch: Touch, at_us: int
    ) -> Booking:
        described = self._described(properties, touch, at_us)
        lines = sale_lines(properties, described.currency)
        key = _key(source, order_id)
        if self._state.get(key) is not None:
            message = Message("该订单已完成过，未重复计入", "completed before; not counted again")
            raise InvalidInput(FieldError("properties.order_id", message))
        left = [Left(line, line.quantity, line.amount_minor) for line in lines]
        order = msgspec.structs.replace(described, left=left)
        self._state.put(key, order)
        sources = self._sources.get(order_id) or []
        if len(sources) < 2:
            self._sources.put(order_id, [*sources, source])
        return Booking("sale", order_id, order, lines)

    def _described(self, properties: Properties, touch: Touch, at_us: int) -> Order:
        """Return an order without lines from what the event itself says.

        It is owed to the touch where it names no other ad itself.
        """
        decision_id = text_of(properties.decision_id) or touch.decision_id
        campaign_id = text_of(properties.campaign_id) or touch.campaign_id
        is_owed = (campaign_id, decision_id) == (touch.campaign_id, touch.decision_id)
        promotions = [*properties.promotion_ids]
        if properties.promotion_id is not None:
            promotions.append(text_of(properties.promotion_id))
        return Order(
            properties.currency or self._currency,
            [],
            campaign_id,
            decision_id,
            list(dict.fromkeys(promotions)),
            properties.coupon or "",
            touch.by if is_owed else "",
            (at_us - touch.at_us) // SECOND_US if is_owed and touch.by else 0,
        )

    def _credit(
        self, order_id: str, key: str, order: Order, whole: bool, properties: Properties
    ) -> Booking:
        """Book a credit on a known sale: no more than what is left of it."""
        asked = _asked(order, whole, properties)
        named = properties.products or total_of(properties, order.currency) is not None
        rest_itself = whole or not named
        left = list(order.left)
        taken = [_take(left, line, capped=not rest_itself) for line in asked]
        self._state.put(key, msgspec.structs.replace(order, left=left))
        beyond = () if rest_itself else _beyond(asked, taken, properties)
        return Booking("credit", order_id, order, [_negated(line) for line in taken], beyond)


def _key(source: str, order_id: str) -> str:
    """Return one text for the two; the length keeps any pair from reading as another."""
    return f"{len(source)}:{source}:{order_id}"


def _asked(order: Order, whole: bool, properties: Properties) -> list[Line]:
    """Return what a credit asks for, in positive lines. ``whole``: all of a known order."""
    total = None if whole else total_of(properties, order.currency)
    if properties.products and not whole:
        asked = _of_products(order, properties)
    else:
        asked = _of_rest(order, total)
    return asked if total is None else scaled_to(asked, abs(total))


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


def _take(left: list[Left], asked: Line, *, capped: bool) -> Line:
    """Take a credit from what is left, in place; return what of it there was to take.

    Units and amount come from the lines of its SKU in turn; for a SKU that the order has not, the
    amount comes from any. ``capped``: by what is left of the whole order too, where a line of a
    negative amount makes that less than the lines of positive ones.
    """
    own = [index for index, one in enumerate(left) if one.line.sku == asked.sku]
    amount = asked.amount_minor
    if capped:
        amount = _between(amount, max(sum(one.amount_minor for one in left), 0))
    quantity, rest = (asked.quantity if own else 0), amount
    for index in own or range(len(left)):
        one = left[index]
        units, minor = _between(quantity, one.quantity), _between(rest, one.amount_minor)
        left[index] = Left(one.line, one.quantity - units, one.amount_minor - minor)
        quantity, rest = quantity - units, rest - minor
    return _cut(asked, asked.quantity - quantity if own else 0, amount - rest)


def _between(asked: int, left: int) -> int:
    """Return the part of what is asked that lies between nothing and what is left, either sign."""
    return sorted((0, asked, left))[1]


def _cut(asked: Line, quantity: int, amount_minor: int) -> Line:
    if (quantity, amount_minor) == (asked.quantity, asked.amount_minor):
        return asked
    listed = asked.list_minor * quantity // asked.quantity if quantity else amount_minor
    return msgspec.structs.replace(
        asked,
        quantity=quantity,
        list_minor=listed,
        discount_minor=listed - amount_minor,
        amount_minor=amount_minor,
    )


def _beyond(asked: list[Line], taken: list[Line], properties: Properties) -> list[FieldError]:
    """Say what was asked beyond what was left: an amount, or units."""
    minor = sum(line.amount_minor for line in asked) - sum(line.amount_minor for line in taken)
    named = sum(quantity_of(item) for item in properties.products)
    units = named - sum(line.quantity for line in taken)
    if not minor and not (properties.products and units):
        return []
    message = Message(
        f"超出该订单剩余可退部分，未计入：{minor} 最小货币单位",
        f"beyond what is left of the order, not counted: {minor} minor units",
    )
    return [
        FieldError("properties.products" if properties.products else "properties.total", message)
    ]


def _negated(line: Line) -> Line:
    return msgspec.structs.replace(
        line,
        quantity=-line.quantity,
        list_minor=-line.list_minor,
        discount_minor=-line.discount_minor,
        amount_minor=-line.amount_minor,
    )
