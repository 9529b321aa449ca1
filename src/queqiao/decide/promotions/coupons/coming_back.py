"""What a refund does to a code: the rule of its batch decides.

The system itself asks for an order that it knows, so nothing here is a guess, and a batch that was
paused or archived meanwhile keeps its rule.
"""

from collections.abc import Callable

from queqiao.decide.promotions.coupons import holdings
from queqiao.decide.promotions.coupons.code_book import Batch, Found
from queqiao.decide.promotions.coupons.codes import normal
from queqiao.decide.promotions.coupons.holdings import Holding
from queqiao.decide.promotions.quoting import Shop
from queqiao.kernel.clock import DAY_US
from queqiao.ports.records.base import Records


class ComingBack:
    """Answers for codes of orders that are refunded."""

    def __init__(self, shop: Callable[[], Shop], records: Records) -> None:
        self._shop = shop
        self._records = records

    async def would(self, code: str, customer_id: str, now_us: int) -> bool:
        """Say whether a refund gives the use back; nothing is changed."""
        found, holding = await self._held(code)
        return _comes_back(found, holding, customer_id, now_us)

    async def does(self, code: str, customer_id: str, now_us: int) -> bool:
        """Say the same; a coupon that comes back is good for a while if its batch says so."""
        found, holding = await self._held(code)
        if found is None or not _comes_back(found, holding, customer_id, now_us):
            return False
        await extend(self._records, found.batch, holding, now_us)
        return True

    async def _held(self, code: str) -> tuple[Found | None, Holding | None]:
        found = self._shop().promotions.code_book.locate(normal(code))
        if found is None or found.batch.personal is None:
            return found, None
        batch_id, number = found.batch.id, found.number
        return found, await self._records.read(lambda conn: holdings.find(conn, batch_id, number))


def _comes_back(
    found: Found | None, holding: Holding | None, customer_id: str, now_us: int
) -> bool:
    if found is None or found.number in found.batch.voids:
        return False
    if not may_use(found, holding, customer_id):
        return False
    return kept_because(found.batch, holding, now_us) is None


def may_use(found: Found, holding: Holding | None, customer_id: str) -> bool:
    """Say whether the code is of anybody, or of this customer; nobody has a customer's coupon."""
    if found.batch.personal is None:
        return True
    return bool(customer_id) and holding is not None and holding.customer_id == customer_id


def kept_because(batch: Batch, holding: Holding | None, now_us: int) -> str | None:
    """Return why a refund gives the use not back, None when it does."""
    rule = batch.return_on_refund
    if rule == "never":
        return "return_never"
    is_over = now_us >= end_us(batch, holding)
    return "return_expired" if rule == "if_unexpired" and is_over else None


def end_us(batch: Batch, holding: Holding | None) -> int:
    """Return until when a code is good."""
    return batch.ends_us if holding is None else holding.expires_at_us


async def extend(records: Records, batch: Batch, held: Holding | None, now_us: int) -> None:
    """Let a returned coupon be good for a while, if the batch says so."""
    days = batch.return_valid_days
    if held is None or days is None:
        return
    until_us = holdings.whole_hour(now_us + days * DAY_US)
    await records.write(lambda conn: holdings.extend(conn, held, until_us))
