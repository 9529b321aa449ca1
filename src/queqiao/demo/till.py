"""The till: an order uses its promotions in the system, then is paid or given up.

In history an order is placed and paid in one step: what is held for a payment is held by the
ledger's own clock. Now it is held first, as a web shop does it, and paid or given up afterwards.
"""

from random import Random
from typing import Any, Final

import msgspec

from queqiao.demo import rates
from queqiao.demo.client import Answer
from queqiao.demo.stage import Stage
from queqiao.demo.store import Store

REDEMPTIONS: Final = "/api/v1/promotions/redemptions"


class Sold(msgspec.Struct, frozen=True):
    """A paid order as the system answered it: the redemption, and the price that holds."""

    redemption_id: str
    quote: dict[str, Any]


class Till:
    """Places orders and has them paid."""

    def __init__(self, store: Store, stage: Stage, chance: Random) -> None:
        self._store = store
        self._stage = stage
        self._chance = chance

    async def sell(self, order_id: str, question: dict[str, Any]) -> Sold | None:
        """Return the paid order; None when the system refused it or the shopper gave it up."""
        answer = await self._place(order_id, question)
        if not answer.good:
            self._store.count("orders refused")
            return None
        sold = Sold(answer.body["id"], answer.body["quote"])
        return sold if self._stage.is_past or await self._is_paid(sold) else None

    async def _place(self, order_id: str, question: dict[str, Any]) -> Answer:
        """Have the order use its promotions; what is used up meanwhile is left out."""
        asked = {
            "order_id": order_id,
            "question": question,
            "when_used_up": "leave_out",
            "commit": self._stage.is_past,
        }
        return await self._stage.ask(REDEMPTIONS, asked)

    async def _is_paid(self, sold: Sold) -> bool:
        """Wait for the payment. What is not paid is free again at once."""
        await self._stage.pause(self._chance.uniform(5, 40))
        gives_up = self._chance.random() < rates.GIVEN_UP_OF_ORDERS
        verb = "release" if gives_up else "commit"
        answer = await self._stage.ask(f"{REDEMPTIONS}/{sold.redemption_id}/{verb}", {})
        if gives_up or not answer.good:
            self._store.count("orders not paid")
            return False
        return True
