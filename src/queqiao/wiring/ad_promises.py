"""What ads promise, held against what the shop has: goods, promotions, coupons and flash sales.

Ads and promotions are strangers: what one has to know of the other passes here, as data.
"""

import asyncio
from collections.abc import Mapping

import structlog

from queqiao.catalog.contracts import PriceBook
from queqiao.decide.ads.contracts import Campaign
from queqiao.decide.ads.promises.standing import Asked, Gone, Standing, asked_of
from queqiao.decide.promotions.still_giving import (
    Ended,
    batches_ended,
    promotions_ended,
    sales_ended,
)
from queqiao.kernel.clock import Clock
from queqiao.kernel.errors import Unavailable
from queqiao.ports.ledger.base import Ledger
from queqiao.wiring.ad_margins import MarginWatch
from queqiao.wiring.hot_state import HotState
from queqiao.wiring.role import every

log = structlog.get_logger()

LOOK_EVERY_S = 0.25
"""How often it is looked; with what a question takes, an ad stops well within a second."""

_PROMOTION: Mapping[Ended, Gone] = {
    "not_live": "promotion_not_live",
    "used_up": "promotion_used_up",
}
_COUPONS: Mapping[Ended, Gone] = {"not_live": "coupons_not_live", "used_up": "coupons_used_up"}
_SALE: Mapping[Ended, Gone] = {
    "not_live": "flash_sale_not_live",
    "used_up": "flash_sale_sold_out",
}


class Promises:
    """Looks what cannot be kept, and tells the snapshots of ads."""

    def __init__(self, hot: HotState, ledger: Ledger, zone: str) -> None:
        self._hot = hot
        self._ledger = ledger
        self._zone = zone
        self._campaigns: Mapping[str, Campaign] | None = None
        self._asked = asked_of(())
        self._book: PriceBook | None = None
        self._out_of_stock: frozenset[str] = frozenset()
        self._margins = MarginWatch(hot.shop, hot.records)

    async def look(self, now_us: int) -> None:
        """Look once. While the ledger is away, what was last known stands."""
        asked = self._asked_now()
        try:
            standing = await self._standing(asked, now_us)
        except Unavailable:
            log.debug("what ads promise is looked at later")
        else:
            await self._hot.keep_promises(standing)

    def _asked_now(self) -> Asked:
        campaigns = self._hot.ads.campaigns
        if campaigns is not self._campaigns:
            self._campaigns, self._book = campaigns, None
            self._asked = asked_of(campaigns.values())
        return self._asked

    async def _standing(self, asked: Asked, now_us: int) -> Standing:
        hot, ledger = self._hot, self._ledger
        promotions = await promotions_ended(
            asked.promotions, hot.promotions, ledger, now_us, self._zone
        )
        book = hot.promotions.code_book
        batches = await batches_ended(asked.coupon_batches, book, ledger, hot.records, now_us)
        sales = await sales_ended(asked.flash_sales, hot.flash_sales, ledger, now_us)
        return Standing(
            self._without_stock(asked),
            {name: _PROMOTION[ended] for name, ended in promotions.items()},
            {name: _COUPONS[ended] for name, ended in batches.items()},
            {name: _SALE[ended] for name, ended in sales.sales.items()},
            sales.skus,
            await self._margins.look(asked.priced, now_us),
        )

    def _without_stock(self, asked: Asked) -> frozenset[str]:
        """Return the SKUs whose stock is counted and gone; looked at when either has changed."""
        book = self._hot.price_book
        if book is not self._book:
            self._book = book
            self._out_of_stock = frozenset(sku for sku in asked.skus if _is_gone(book, sku))
        return self._out_of_stock


def _is_gone(book: PriceBook, sku: str) -> bool:
    goods = book.goods(sku)
    return goods is not None and goods.stock is not None and goods.stock <= 0


async def watch(
    hot: HotState, ledger: Ledger, zone: str, clock: Clock, stop: asyncio.Event
) -> None:
    """Look again and again until ``stop`` is set."""
    promises = Promises(hot, ledger, zone)
    await every(LOOK_EVERY_S, stop, lambda: promises.look(clock.now_us()))
