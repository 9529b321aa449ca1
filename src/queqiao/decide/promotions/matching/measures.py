"""Numbers that conditions bound: of the customer's history, and of the cart."""

from msgspec import Struct

from queqiao.decide.promotions.matching.goods_test import GoodsTest
from queqiao.decide.promotions.matching.situation import Purchase, Situation
from queqiao.decide.promotions.reasons import ConditionReason, ShortfallUnit
from queqiao.kernel.clock import DAY_US


class Orders(Struct, frozen=True, gc=False):
    """How many orders the customer has placed before this one."""

    below: ConditionReason = "orders_below"
    above: ConditionReason = "orders_above"
    unit: ShortfallUnit = "order"

    def value(self, situation: Situation) -> int | None:
        """Return the number, None where it is not known."""
        return situation.history.orders


class Spent(Struct, frozen=True, gc=False):
    """What the customer has paid, in all or within the last days; minor units."""

    within_days: int | None = None
    below: ConditionReason = "spent_below"
    above: ConditionReason = "spent_above"
    unit: ShortfallUnit = "minor"

    def value(self, situation: Situation) -> int | None:
        """Return the amount, None where it is not known."""
        history = situation.history
        if history.orders == 0:
            return 0
        if self.within_days is None:
            return history.spent_minor
        since_us = situation.now_us - self.within_days * DAY_US
        if history.last_order_us is not None and history.last_order_us <= since_us:
            return 0
        if history.bought is None:
            return None
        paid = [
            purchase.paid_minor
            for purchase in history.bought
            if _is_recent(purchase, situation.now_us, since_us)
        ]
        return None if None in paid else sum(amount or 0 for amount in paid)


class BoughtQuantity(Struct, frozen=True):
    """How many units of some goods the customer has bought, ever or within the last days."""

    goods: GoodsTest
    within_days: int | None = None
    below: ConditionReason = "bought_below"
    above: ConditionReason = "bought_above"
    unit: ShortfallUnit = "unit"

    def value(self, situation: Situation) -> int | None:
        """Return the quantity, None where it is not known."""
        history, days = situation.history, self.within_days
        if history.orders == 0:
            return 0
        if history.bought is None:
            return None
        since_us = None if days is None else situation.now_us - days * DAY_US
        return sum(
            purchase.quantity
            for purchase in history.bought
            if (since_us is None or _is_recent(purchase, situation.now_us, since_us))
            and self.goods.holds(purchase.sku, purchase.facts, purchase.price)
        )


def _is_recent(purchase: Purchase, now_us: int, since_us: int) -> bool:
    """Say whether goods are known to have been bought after ``since_us``."""
    return purchase.at_us is not None and since_us < purchase.at_us <= now_us


HistoryMeasure = Orders | Spent | BoughtQuantity
