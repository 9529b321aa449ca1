"""From the products and totals of an order event to lines in minor units, exactly."""

import msgspec

from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.money import MINOR_MAX, spread
from queqiao.process.properties import Item, Properties, minor_of, quantity_of, text_of, too_large


class Line(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One line: ``amount_minor = list_minor - discount_minor``, all for the whole quantity."""

    sku: str
    product_id: str
    category: str
    quantity: int
    list_minor: int
    discount_minor: int
    amount_minor: int
    coupon: str = ""


def money_line(amount_minor: int) -> Line:
    """Return a line that is an amount only: of no product and no units."""
    return Line("", "", "", 0, amount_minor, 0, amount_minor)


def priced_lines(properties: Properties, currency: str) -> list[Line]:
    """Return a line per product at its own price and discount. Raises InvalidInput by path."""
    lines = [
        _priced(item, currency, f"properties.products[{index}]")
        for index, item in enumerate(properties.products)
    ]
    if sum(max(abs(line.list_minor), abs(line.amount_minor)) for line in lines) > MINOR_MAX:
        raise InvalidInput(too_large("properties.products"))
    return lines


def _priced(item: Item, currency: str, path: str) -> Line:
    quantity = quantity_of(item, path)
    price = minor_of(item.price_minor, item.price, currency, f"{path}.price") or 0
    own = item.discount_minor or 0
    list_price = price if item.list_price_minor is None else item.list_price_minor
    listed, amount = list_price * quantity, price * quantity - own
    if max(abs(listed), abs(amount)) > MINOR_MAX:
        raise InvalidInput(too_large(path))
    return Line(
        text_of(item.sku) or text_of(item.product_id),
        text_of(item.product_id),
        item.category or "",
        quantity,
        listed,
        listed - amount,
        amount,
        item.coupon or "",
    )


def sale_lines(properties: Properties, currency: str) -> list[Line]:
    """Return the lines of a completed order.

    The order's discount is the total of the transaction, as in the Segment specification; what the
    lines' own discounts do not account for is spread over the lines by their amounts, to the last
    minor unit. Without products the order is one line of what was paid for goods.
    """
    lines = priced_lines(properties, currency)
    if not lines:
        return [money_line(goods_total(properties, currency))]
    given = _amount(properties, "discount", currency) or 0
    rest = given - sum(item.discount_minor or 0 for item in properties.products)
    return lines if rest <= 0 else _discounted(lines, rest)


def _discounted(lines: list[Line], rest: int) -> list[Line]:
    weights = [max(line.amount_minor, 0) for line in lines]
    if rest > sum(weights):
        message = Message("优惠金额大于商品金额", "the discount is larger than the lines")
        raise InvalidInput(FieldError("properties.discount", message))
    return [_less(line, share) for line, share in zip(lines, spread(rest, weights), strict=True)]


def _less(line: Line, share: int) -> Line:
    return msgspec.structs.replace(
        line,
        discount_minor=line.discount_minor + share,
        amount_minor=line.amount_minor - share,
    )


def goods_total(properties: Properties, currency: str) -> int:
    """Return what was paid for goods: the subtotal, else the total less shipping and tax.

    Else the revenue, which by the Segment specification holds neither shipping nor tax.
    """
    subtotal = _amount(properties, "subtotal", currency)
    if subtotal is not None:
        return subtotal
    total = _amount(properties, "total", currency)
    if total is not None:
        shipping = _amount(properties, "shipping", currency) or 0
        return total - shipping - (_amount(properties, "tax", currency) or 0)
    revenue = _amount(properties, "revenue", currency)
    if revenue is None:
        message = Message(
            "需要 products、total 或 revenue", "products, a total or the revenue are needed"
        )
        raise InvalidInput(FieldError("properties.total", message))
    return revenue


def total_of(properties: Properties, currency: str) -> int | None:
    """Return the event's own total, None when it names none."""
    return _amount(properties, "total", currency)


def _amount(properties: Properties, name: str, currency: str) -> int | None:
    minor, decimal = getattr(properties, name + "_minor"), getattr(properties, name)
    return minor_of(minor, decimal, currency, f"properties.{name}")


def scaled_to(lines: list[Line], total: int) -> list[Line]:
    """Return the lines with amounts that sum to ``total``, in proportion to what they were."""
    weights = [max(line.amount_minor, 0) for line in lines]
    if sum(weights) == 0:
        return lines if total == 0 else [*lines, money_line(total)]
    shares = spread(total, weights)
    return [_worth(line, share) for line, share in zip(lines, shares, strict=True)]


def _worth(line: Line, amount_minor: int) -> Line:
    """Return the line with another amount; one without units has no price to be under."""
    listed = line.list_minor if line.quantity else amount_minor
    return msgspec.structs.replace(
        line,
        list_minor=listed,
        discount_minor=listed - amount_minor,
        amount_minor=amount_minor,
    )
