"""Locks that an order has itself: given up for its redemption, and had again if it is refused."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from msgspec import structs

from queqiao.decide.promotions.coupons.redemption import Asked, Coupons
from queqiao.decide.promotions.redemptions.asking import codes_of, customer_of
from queqiao.decide.promotions.redemptions.leases import Short
from queqiao.decide.promotions.redemptions.redemption_types import NewRedemption
from queqiao.kernel.errors import QueqiaoError


class OwnLocks:
    """The locks of one order that is being placed."""

    def __init__(self, coupons: Coupons, asked: NewRedemption, now_us: int) -> None:
        self._coupons = coupons
        self._codes = codes_of(asked)
        self._asked = Asked("", customer_of(asked) or "", asked.order_id, asked.address, now_us)
        self._given_up: list[str] = []

    async def give_up(self, short: Short) -> bool:
        """Give up the order's own lock of a code that it is short of; say if there was one."""
        if short.claim.reason != "locked_or_used_by_order":
            return False
        counter = short.claim.take.counter
        code = await self._coupons.unlock(counter, self._codes, self._asked)
        if code is None:
            return False
        self._given_up.append(code)
        return True

    async def have_again(self) -> None:
        """Lock again what was given up, unless another was quicker in that moment."""
        for code in self._given_up:
            with suppress(QueqiaoError):
                await self._coupons.lock(structs.replace(self._asked, code=code))


@asynccontextmanager
async def own_locks(coupons: Coupons, asked: NewRedemption, now_us: int) -> AsyncIterator[OwnLocks]:
    """Return the locks of an order, which it keeps if it comes to nothing."""
    locks = OwnLocks(coupons, asked, now_us)
    try:
        yield locks
    except QueqiaoError:
        await locks.have_again()
        raise
