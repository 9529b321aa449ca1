"""Single reservations that fly together: callers of one moment share one ``reserve_many``.

While a flight is on its way the next one gathers, so the busier it is the fuller they are, and
nobody waits when nothing else is asked. A wrong ask is told before it boards.
"""

import asyncio
from collections import deque
from collections.abc import Sequence

from queqiao.kernel.clock import SECOND_US
from queqiao.kernel.errors import Broken, Conflict, QueqiaoError
from queqiao.ports.ledger.base import Ask, Clashed, Leased, Ledger, Outcome, Refused
from queqiao.ports.ledger.steps import SAME_KEY, check_asks

FLIGHTS = 1
"""On their way at once; the next gathers meanwhile. Two would each be half as full."""
SEATS = 256

_Waiting = tuple[Ask, int, "asyncio.Future[Outcome]"]


class Flights:
    """Reserves for many callers of one process. Bound to the event loop of its first call."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._waiting: deque[_Waiting] = deque()
        self._flying = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def reserve(self, ask: Ask, now_us: int) -> Leased | Refused:
        """Lease what the ask wants. Raises Conflict, and what ``reserve_many`` raises.

        Asks of one second fly together, at the latest of their times.
        """
        check_asks((ask,), now_us)
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append((ask, now_us, future))
        if self._flying < FLIGHTS:
            self._flying += 1
            task = asyncio.create_task(self._fly())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        outcome = await future
        if isinstance(outcome, Clashed):
            raise Conflict(SAME_KEY)
        return outcome

    async def _fly(self) -> None:
        """Fly until nobody waits. Between the last look and the count nothing else runs."""
        try:
            while self._waiting:
                await self._take(self._board())
        finally:
            self._flying -= 1

    async def _take(self, flight: list[_Waiting]) -> None:
        asks, now_us = [one[0] for one in flight], max(one[1] for one in flight)
        try:
            _land(flight, await self._ledger.reserve_many(asks, now_us))
        except QueqiaoError as error:
            _fail(flight, error)
        except Exception:  # a defect must answer who waits, and be seen
            _fail(flight, Broken())
            raise

    def _board(self) -> list[_Waiting]:
        waiting = self._waiting
        second = waiting[0][1] // SECOND_US
        flight = [waiting.popleft()]
        while waiting and len(flight) < SEATS and waiting[0][1] // SECOND_US == second:
            flight.append(waiting.popleft())
        return flight


def _land(flight: Sequence[_Waiting], outcomes: Sequence[Outcome]) -> None:
    for (_, _, future), outcome in zip(flight, outcomes, strict=True):
        if not future.done():
            future.set_result(outcome)


def _fail(flight: Sequence[_Waiting], error: QueqiaoError) -> None:
    for _, _, future in flight:
        if not future.done():
            future.set_exception(type(error)(error.detail))
