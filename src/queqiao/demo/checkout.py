"""The checkout: the live price, a coupon code perhaps, the order, and later perhaps its return."""

from collections.abc import Callable
from random import Random
from typing import Any

import msgspec

from queqiao.demo import rates
from queqiao.demo.documents import WRONG_CODES
from queqiao.demo.goods import CURRENCY
from queqiao.demo.shoppers import Shopper
from queqiao.demo.stage import Event, Stage
from queqiao.demo.store import Store
from queqiao.kernel.clock import DAY_US, format_rfc3339
from queqiao.kernel.ids import uuid7

Track = Callable[[str, dict[str, Any]], None]


class Order(msgspec.Struct, frozen=True):
    """A completed order, as far as its return needs it."""

    order_id: str
    at_us: int
    shopper: Shopper
    products: list[dict[str, Any]]


class Checkout:
    """Prices a cart by the system and buys it."""

    def __init__(
        self, store: Store, shopper: Shopper, stage: Stage, chance: Random, track: Track
    ) -> None:
        self._store = store
        self._shopper = shopper
        self._stage = stage
        self._chance = chance
        self._track = track

    async def run(self, cart: dict[str, int]) -> Order | None:
        """Return the order; None when the system gave no price."""
        order_id = uuid7(self._stage.now_us(), self._chance.getrandbits)
        code = self._pick_code()
        quote = await self._quote(cart, code)
        if quote is None:
            return None
        self._track("Checkout Started", self._order(order_id, quote, None))
        if code is not None:
            code = await self._enter(code, order_id, quote)
            if code is None:
                quote = await self._quote(cart, None) or quote
        await self._stage.pause(self._chance.uniform(15, 60))
        properties = self._order(order_id, quote, code)
        self._track("Order Completed", properties)
        self._store.count("orders")
        return Order(order_id, self._stage.now_us(), self._shopper, properties["products"])

    def _pick_code(self) -> str | None:
        if self._chance.random() >= rates.CODE_OF_CHECKOUTS:
            return None
        if self._chance.random() < rates.WRONG_OF_CODES:
            return self._chance.choice(WRONG_CODES)
        return self._shopper.code

    async def _quote(self, cart: dict[str, int], code: str | None) -> dict[str, Any] | None:
        lines = [
            {"id": str(at), "sku": sku, "quantity": quantity}
            for at, (sku, quantity) in enumerate(cart.items(), 1)
        ]
        asked = {
            "currency": CURRENCY,
            "channel": self._shopper.channel,
            "customer": {"id": self._shopper.user_id},
            "cart": {"lines": lines},
            "codes": [] if code is None else [code],
        }
        answer = await self._stage.ask("/api/v1/promotions/quote", asked)
        return answer.body if answer.good else None

    async def _enter(self, code: str, order_id: str, quote: dict[str, Any]) -> str | None:
        """Enter and redeem the code, which the system tells of; return it only if it was taken."""
        entered = {"order_id": order_id, "coupon": code}
        self._track("Coupon Entered", entered)
        applied = [one for one in quote["applied"] if one.get("code") == code]
        if not applied:
            refused = [one for one in quote["refused"] if one.get("code") == code]
            self._deny(entered, refused[0]["reason"] if refused else "not_applied")
            return None
        asked = {"customer_id": self._shopper.user_id, "order_id": order_id}
        redeemed = await self._stage.ask(f"/api/v1/coupons/{code}/redeem", asked)
        if not redeemed.good:
            self._deny(entered, "not_redeemed")
            return None
        self._store.count("codes redeemed")
        return code

    def _deny(self, entered: dict[str, Any], reason: str) -> None:
        self._store.count("codes denied")
        self._track("Coupon Denied", entered | {"reason": reason})

    def _order(self, order_id: str, quote: dict[str, Any], code: str | None) -> dict[str, Any]:
        totals = quote["totals"]
        order = {
            "order_id": order_id,
            "currency": CURRENCY,
            "subtotal_minor": totals["items"] - totals["discount"],
            "discount_minor": totals["discount"],
            "shipping_minor": totals["shipping"] - totals["shipping_discount"],
            "total_minor": totals["total"],
            "promotion_ids": [one["promotion_id"] for one in quote["applied"]],
            "products": [self._line(line) for line in quote["lines"]],
        }
        return order if code is None else order | {"coupon": code}

    def _line(self, line: dict[str, Any]) -> dict[str, Any]:
        good = self._store.by_sku[line["sku"]]
        return {
            "product_id": good.product_id,
            "sku": good.sku,
            "name": good.name,
            "category": good.category,
            "brand": good.brand,
            "quantity": line["quantity"],
            "price_minor": line["unit_price"],
            "discount_minor": line["discount"],
        }


def return_of(order: Order, chance: Random) -> tuple[int, Event] | None:
    """Return when and how the order comes back, or None when it does not.

    One line comes back whole, a day to a week later, at what was paid for it.
    """
    if chance.random() >= rates.RETURNED_OF_ORDERS:
        return None
    line = chance.choice(order.products)
    paid = line["price_minor"] * line["quantity"] - line["discount_minor"]
    at_us = order.at_us + int(chance.uniform(1, 7) * DAY_US)
    named = {name: line[name] for name in ("product_id", "sku", "category", "quantity")}
    return at_us, {
        "type": "track",
        "event": "Order Refunded",
        "messageId": uuid7(at_us, chance.getrandbits),
        "anonymousId": order.shopper.anonymous_id,
        "userId": order.shopper.user_id,
        "timestamp": format_rfc3339(at_us),
        "context": {"channel": order.shopper.channel, "library": {"name": "queqiao-store"}},
        "properties": {
            "order_id": order.order_id,
            "currency": CURRENCY,
            "total_minor": paid,
            "products": [named],
        },
    }
