"""The express lane of reservations: usual requests are answered where they arrive.

To hand a request on to another role costs more than to answer it: a second reading of HTTP, and an
application's cycle on either side. So the owner of the public port answers usual reservations
itself and asks nobody but the ledger. Whatever is unusual (another way to sign in, a body that is
not right, a sale that is not known) is declined: the general way says what is wrong.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from queqiao.decide.promotions.flash_sales.desk import Desk
from queqiao.decide.promotions.flash_sales.hot_endpoints import (
    BODY_MAX,
    check_wish,
    declined,
    wishes_of,
)
from queqiao.decide.promotions.flash_sales.messages import Declined, ToldMany, Wish
from queqiao.kernel import json
from queqiao.kernel.clock import Clock
from queqiao.kernel.errors import QueqiaoError

HeaderLines = Sequence[tuple[bytes, bytes]]
Answered = asyncio.Future[bytes] | None
"""The body of the answer to come, or None: not this way."""

_UNUSUAL = frozenset({b"cookie", b"content-encoding", b"queqiao-now"})


class Express:
    """Takes usual reservations. ``may`` says whether an ``Authorization`` line may reserve."""

    def __init__(self, desk: Desk, clock: Clock, may: Callable[[bytes], bool]) -> None:
        self._desk = desk
        self._clock = clock
        self._may = may

    def one(self, sale_id: str, headers: HeaderLines, body: bytes) -> Answered:
        """Take one reservation."""
        if not self._is_usual(sale_id, headers):
            return None
        try:
            wish = json.decode(body, Wish, BODY_MAX)
            check_wish(wish, "")
        except QueqiaoError:
            return None
        return _begun(self._reserve(sale_id, wish, self._clock.now_us()))

    def many(self, sale_id: str, headers: HeaderLines, body: bytes) -> Answered:
        """Take a batch."""
        if not self._is_usual(sale_id, headers):
            return None
        try:
            wishes = wishes_of(body)
        except QueqiaoError:
            return None
        return _begun(self._reserve_many(sale_id, wishes, self._clock.now_us()))

    def _is_usual(self, sale_id: str, headers: HeaderLines) -> bool:
        line = b""
        for name, value in headers:
            if name == b"authorization":
                line = value
            elif name in _UNUSUAL:
                return False
        return self._desk.knows(sale_id) and self._may(line)

    async def _reserve(self, sale_id: str, wish: Wish, now_us: int) -> bytes:
        told = await self._desk.reserve(sale_id, wish, now_us)
        if isinstance(told, Declined):
            raise declined(told)
        return json.encode(told)

    async def _reserve_many(self, sale_id: str, wishes: Sequence[Wish], now_us: int) -> bytes:
        return json.encode(ToldMany(await self._desk.reserve_many(sale_id, wishes, now_us)))


def _begun(work: Coroutine[Any, Any, bytes]) -> "asyncio.Future[bytes]":
    return asyncio.get_running_loop().create_task(work)
