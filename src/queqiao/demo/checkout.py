"""The checkout: the live price, a coupon code or points perhaps, the order."""

from collections.abc import Callable
from random import Random
from typing import Any

import msgspec

from queqiao.demo import rates
from queqiao.demo.documents import WRONG_CODES
from queqiao.demo.goods import CURRENCY
from queqiao.demo.shoppers import Shopper
from queqiao.demo.stage import Stage
from queqiao.demo.store import Store
from queqiao.demo.till import Till
from queqiao.kernel.ids import uuid7

Track = Callable[[str, dict[str, Any]], None]


class Order(msgspec.Struct, frozen=True):
    """A completed order, as far as its return needs it.

    ``lines`` are the ids of its products' lines; ``redemption_id`` is None where it used no
    promotions in the system.
    """

    order_id: str
    at_us: int
    shopper: Shopper
    products: list[dict[str, Any]]
    lines: list[str]
    redemption_id: str | None = None


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
        self._points = 0

    async def discount(self, cart: dict[str, int]) -> float:
        """Return the share of its price that promotions take off the cart, as its page shows it."""
        quote = await self._quote(cart, None)
        totals = quote["totals"] if quote else {"items": 0}
        return totals["discount"] / totals["items"] if totals["items"] else 0.0

    async def run(self, cart: dict[str, int]) -> Order | None:
        """Return the order; None when the system gave no price or it was not paid."""
        self._points = await self._pick_points()
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
        return await self._complete(order_id, cart, quote, code)

    async def _complete(
        self, order_id: str, cart: dict[str, int], quote: dict[str, Any], code: str | None
    ) -> Order | None:
        """Buy at the price that holds when the order is placed."""
        redemption_id = None
        if self._store.redeems:
            till = Till(self._store, self._stage, self._chance)
            sold = await till.sell(order_id, self._question(cart, code))
            if sold is None:
                return None
            redemption_id, quote = sold.redemption_id, sold.quote
        properties = self._order(order_id, quote, code)
        self._track("Order Completed", properties)
        self._store.count("orders")
        lines = [line["id"] for line in quote["lines"]]
        at_us, products = self._stage.now_us(), properties["products"]
        return Order(order_id, at_us, self._shopper, products, lines, redemption_id)

    def _pick_code(self) -> str | None:
        if self._chance.random() >= rates.CODE_OF_CHECKOUTS:
            return None
        if self._chance.random() < rates.WRONG_OF_CODES:
            return self._chance.choice(WRONG_CODES)
        return self._shopper.code

    async def _pick_points(self) -> int:
        """Return how many points she pays with: none, or all that she has.

        In history none: points ripen by the system's own clock, and one seed gives one history.
        """
        if self._stage.is_past or self._chance.random() >= rates.POINTS_OF_CHECKOUTS:
            return 0
        answer = await self._stage.look(f"/api/v1/customers/{self._shopper.user_id}/points")
        return int(answer.body["balance"]) if answer.good else 0

    def _question(self, cart: dict[str, int], code: str | None) -> dict[str, Any]:
        lines = [
            {"id": str(at), "sku": sku, "quantity": quantity}
            for at, (sku, quantity) in enumerate(cart.items(), 1)
        ]
        return {
            "currency": CURRENCY,
            "channel": self._shopper.channel,
            "customer": {"id": self._shopper.user_id},
            "cart": {"lines": lines, "points": self._points},
            "codes": [] if code is None else [code],
        }

    async def _quote(self, cart: dict[str, int], code: str | None) -> dict[str, Any] | None:
        answer = await self._stage.ask("/api/v1/promotions/quote", self._question(cart, code))
        return answer.body if answer.good else None

    async def _enter(self, code: str, order_id: str, quote: dict[str, Any]) -> str | None:
        """Enter the code; return it only if it was taken.

        Where orders use promotions the code is used with them; else it is redeemed here.
        """
        entered = {"order_id": order_id, "coupon": code}
        self._track("Coupon Entered", entered)
        applied = [one for one in quote["applied"] if one.get("code") == code]
        if not applied:
            refused = [one for one in quote["refused"] if one.get("code") == code]
            self._deny(entered, refused[0]["reason"] if refused else "not_applied")
            return None
        if self._store.redeems:
            self._store.count("codes redeemed")
            return code
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
