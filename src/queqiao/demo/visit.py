"""One visit of one shopper: an ad, products, perhaps recommendations, a cart, perhaps an order.

Every step is an event of the tracking library or a call of the public API; each visit draws from a
chance of its own, so visits do not disturb one another.
"""

from random import Random
from typing import Any

from queqiao.demo import rates
from queqiao.demo.checkout import Checkout, Order
from queqiao.demo.documents import PLACEMENTS
from queqiao.demo.goods import CURRENCY, Good
from queqiao.demo.shoppers import Shopper
from queqiao.demo.stage import Stage
from queqiao.demo.store import Store
from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.ids import uuid7

RECOMMENDATIONS = 6
_SITE = "https://store.example"
CRAWLER = "Mozilla/5.0 (compatible; PriceWatch/1.4; +https://pricewatch.example/bot)"
"""Who follows links of ads without meaning it; what it tells is invalid traffic."""


class Visit:
    """A visit on a stage. ``run`` lives it and returns the order, if there was one."""

    def __init__(self, store: Store, shopper: Shopper, stage: Stage, chance: Random) -> None:
        self._store = store
        self._shopper = shopper
        self._stage = stage
        self._chance = chance
        self._cart: dict[str, int] = {}
        self._user_id = shopper.user_id if shopper.number in store.logged_in else None
        self._via: dict[str, str] = {}

    def starts_us(self) -> int:
        """Return when the visit begins; ask before it is lived."""
        return self._stage.now_us()

    async def run(self) -> Order | None:
        """Live the visit."""
        self._store.count("visits")
        self._tell("page", name="首页", properties={"path": "/", "url": _SITE + "/"})
        if self._chance.random() < rates.LOGGED_IN_OF_VISITS:
            self._log_in()
        shown = await self._see_ad() if self._chance.random() < rates.AD_OF_VISITS else None
        await self._browse(shown)
        return await self._buy()

    def _log_in(self) -> None:
        if self._user_id is None:
            self._user_id = self._shopper.user_id
            self._store.logged_in.add(self._shopper.number)
            self._tell("identify", traits=self._shopper.traits)

    async def _browse(self, first: Good | None) -> None:
        left = rates.views_of_a_visit(self._chance)
        recommended_at = -1
        if self._chance.random() < rates.RECOMMENDED_OF_VISITS:
            recommended_at = self._chance.randrange(left)
        good = first
        for at in range(left):
            if good is None or at:
                good = await self._next(good, recommended_at == at)
            self._view(good)
            await self._stage.pause(self._chance.uniform(6, 45))
            if self._chance.random() < rates.ADDED_OF_VIEWED:
                self._add(good)

    async def _next(self, before: Good | None, recommended: bool) -> Good:
        """Return what is viewed next: a recommended item that is clicked, or one of her own."""
        taken = await self._see_recommendations(before) if recommended else None
        return taken or self._store.something(self._shopper, before, self._chance)

    def _view(self, good: Good) -> None:
        self._store.count("views")
        self._track("Product Viewed", self._product(good) | self._via)
        self._via = {}

    def _add(self, good: Good) -> None:
        self._store.count("adds")
        self._track("Product Added", self._product(good) | {"quantity": 1})
        self._cart[good.sku] = self._cart.get(good.sku, 0) + 1
        if self._chance.random() < rates.REMOVED_OF_ADDED:
            self._track("Product Removed", self._product(good) | {"quantity": 1})
            self._cart[good.sku] -= 1

    async def _see_ad(self) -> Good | None:
        """See the ad that the auction gives, if any; return its product when it is clicked."""
        placement = self._chance.choice(list(PLACEMENTS))
        asked = {
            "placements": [{"id": placement, "count": 1}],
            "user": self._user(),
            "context": {"channel": self._shopper.channel, "url": _SITE + "/"},
        }
        answer = await self._stage.ask("/api/v1/decisions", asked)
        if not answer.good or not answer.body["decisions"]:
            self._store.count("ads not filled")
            return None
        return await self._meet_ad(answer.body["decisions"][0])

    async def _meet_ad(self, decision: dict[str, Any]) -> Good | None:
        self._store.count("ads seen")
        await self._stage.look(decision["tracking"]["impression"])
        luck = self._chance.random()
        if luck >= rates.AD_CLICKED:
            if luck >= 1 - rates.AD_CRAWLED:
                await self._stage.look(decision["tracking"]["click"], User_Agent=CRAWLER)
            return None
        await self._stage.pause(2)
        await self._stage.look(decision["tracking"]["click"])
        self._store.count("ads clicked")
        self._via = {
            "campaign_id": decision["campaign_id"],
            "decision_id": decision["decision_id"],
        }
        return self._store.by_sku.get(decision["creative"].get("sku", ""))

    async def _see_recommendations(self, before: Good | None) -> Good | None:
        asked = {
            "user": self._user(),
            "context": {"sku": before.sku} if before else {},
            "placement": "product-recommendations",
            "n": RECOMMENDATIONS,
        }
        answer = await self._stage.ask("/api/v1/recommendations", asked)
        if not answer.good or not answer.body["items"]:
            return None
        self._store.count("recommended")
        if self._chance.random() >= rates.RECOMMENDATION_CLICKED:
            return None
        item = self._chance.choice(answer.body["items"])
        self._via = {"decision_id": answer.body["decision_id"]}
        return self._store.by_sku.get(item["sku"])

    async def _buy(self) -> Order | None:
        cart = {sku: quantity for sku, quantity in self._cart.items() if quantity}
        if not cart:
            return None
        self._log_in()
        checkout = Checkout(self._store, self._shopper, self._stage, self._chance, self._track)
        discount = await checkout.discount(cart)
        await self._stage.pause(self._chance.uniform(20, 90))
        if self._chance.random() >= rates.checked_out_of_carts(discount):
            return None
        return await checkout.run(cart)

    def _user(self) -> dict[str, str]:
        anonymous = {"anonymous_id": self._shopper.anonymous_id}
        return anonymous if self._user_id is None else anonymous | {"id": self._user_id}

    def _product(self, good: Good) -> dict[str, Any]:
        return {
            "product_id": good.product_id,
            "sku": good.sku,
            "name": good.name,
            "category": good.category,
            "brand": good.brand,
            "price_minor": good.price_minor,
            "currency": CURRENCY,
        }

    def _track(self, event: str, properties: dict[str, Any]) -> None:
        self._tell("track", event=event, properties=properties)

    def _tell(self, kind: str, **parts: Any) -> None:
        now_us = self._stage.now_us()
        message: dict[str, Any] = {
            "type": kind,
            "messageId": uuid7(now_us, self._chance.getrandbits),
            "anonymousId": self._shopper.anonymous_id,
            "timestamp": format_rfc3339(now_us),
            "context": {"channel": self._shopper.channel, "library": {"name": "queqiao-store"}},
        }
        if self._user_id is not None:
            message["userId"] = self._user_id
        self._stage.tell(message | parts)
