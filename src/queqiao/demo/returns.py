"""What comes back of orders: cancelled before it is sent, or returned days later.

The system reckons what goes back for it, and gives back budgets, uses, codes and points; the store
tells of it as its order system would.
"""

from random import Random
from typing import Any, Final

import msgspec

from queqiao.demo import rates
from queqiao.demo.checkout import Order
from queqiao.demo.client import StoreClient
from queqiao.demo.goods import CURRENCY
from queqiao.demo.stage import Event
from queqiao.kernel.clock import DAY_US, SECOND_US, format_rfc3339
from queqiao.kernel.ids import uuid7

REFUND: Final = "/api/v1/promotions/refund"
CANCELLED_AFTER_S: Final = (60, 30 * 60)
RETURNED_AFTER_DAYS: Final = (1, 7)


class Return(msgspec.Struct, frozen=True):
    """What comes back, and when. ``line``: its place in the order; None: all, before it is sent."""

    at_us: int
    message_id: str
    order: Order
    line: int | None


def return_of(order: Order, chance: Random) -> Return | None:
    """Return when and how the order comes back, or None when it does not.

    Some are cancelled whole within half an hour; of others one line comes back whole, a day to a
    week later.
    """
    fate = chance.random()
    if fate < rates.CANCELLED_OF_ORDERS:
        at_us = order.at_us + int(chance.uniform(*CANCELLED_AFTER_S) * SECOND_US)
        return Return(at_us, uuid7(at_us, chance.getrandbits), order, None)
    if fate < rates.CANCELLED_OF_ORDERS + rates.RETURNED_OF_ORDERS:
        at_us = order.at_us + int(chance.uniform(*RETURNED_AFTER_DAYS) * DAY_US)
        line = chance.randrange(len(order.products))
        return Return(at_us, uuid7(at_us, chance.getrandbits), order, line)
    return None


async def refund(client: StoreClient, back: Return, now_us: int | None) -> Event:
    """Have the system refund what comes back, once however often it is asked; return the event."""
    paid_minor = sum(map(_paid_minor, _products(back)))
    if back.order.redemption_id is None:
        return _event(back, paid_minor)
    answer = await client.post(REFUND, _question(back, back.order.redemption_id), now_us)
    return _event(back, answer.body["totals"]["total"] if answer.good else paid_minor)


def _question(back: Return, redemption_id: str) -> dict[str, Any]:
    asked = {"redemption_id": redemption_id, "request_id": back.message_id}
    if back.line is None:
        return asked | {"everything": True}
    line = back.order.products[back.line]
    items = [{"line": back.order.lines[back.line], "quantity": line["quantity"]}]
    return asked | {"items": items}


def _products(back: Return) -> list[dict[str, Any]]:
    products = back.order.products
    return products if back.line is None else [products[back.line]]


def _paid_minor(line: dict[str, Any]) -> int:
    return int(line["price_minor"] * line["quantity"] - line["discount_minor"])


def _event(back: Return, total_minor: int) -> Event:
    """Return the order system's event: a cancelled order goes back whole, a return names goods."""
    shopper = back.order.shopper
    told = {"order_id": back.order.order_id, "currency": CURRENCY, "total_minor": total_minor}
    if back.line is not None:
        names = ("product_id", "sku", "category", "quantity")
        (line,) = _products(back)
        told["products"] = [{name: line[name] for name in names}]
    return {
        "type": "track",
        "event": "Order Cancelled" if back.line is None else "Order Refunded",
        "messageId": back.message_id,
        "anonymousId": shopper.anonymous_id,
        "userId": shopper.user_id,
        "timestamp": format_rfc3339(back.at_us),
        "context": {"channel": shopper.channel, "library": {"name": "queqiao-store"}},
        "properties": told,
    }
