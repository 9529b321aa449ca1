"""Reservations that fly together: callers of one moment share one ``reserve_many``.

While a flight is on its way the next one gathers, so the busier it is the fuller they are, and
nobody waits when nothing else is asked.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from queqiao.kernel.clock import SECOND_US
from queqiao.kernel.errors import Broken, Conflict, InvalidInput, QueqiaoError
from queqiao.ports.ledger.base import Ask, Clashed, Leased, Ledger, Outcome, Refused
from queqiao.ports.ledger.steps import SAME_KEY, check_asks

FLIGHTS = 1
"""On their way at once; the next gathers meanwhile. Two would each be half as full."""
SEATS = 256
"""Asks that fly together."""

ReserveMany = Callable[[Sequence[Ask], int], Awaitable[list[Outcome]]]


class _Party(NamedTuple):
    """Asks of one caller, who waits for their outcomes."""

    asks: Sequence[Ask]
    now_us: int
    outcomes: "asyncio.Future[list[Outcome]]"


class Parties:
    """Reserves for callers of several asks each. Bound to the event loop of its first call.

    ``flights`` are on their way at once at most, with ``seats`` asks each or one party.
    """

    def __init__(self, reserve_many: ReserveMany, flights: int, seats: int = SEATS) -> None:
        self._reserve_many = reserve_many
        self._flights = flights
        self._seats = seats
        self._waiting: deque[_Party] = deque()
        self._flying = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def reserve(self, asks: Sequence[Ask], now_us: int) -> list[Outcome]:
        """Lease what each ask wants; raises what ``reserve_many`` raises for these alone.

        Parties of one second fly together, at the latest of their times.
        """
        outcomes: asyncio.Future[list[Outcome]] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Party(asks, now_us, outcomes))
        if self._flying < self._flights:
            self._flying += 1
            task = asyncio.create_task(self._fly())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await outcomes

    async def _fly(self) -> None:
        """Fly until nobody waits. Between the last look and the count nothing else runs."""
        try:
            while flight := self._board():
                await self._take(flight)
        finally:
            self._flying -= 1

    async def _take(self, flight: Sequence[_Party]) -> None:
        asks = [ask for party in flight for ask in party.asks]
        try:
            told = await self._reserve_many(asks, max(party.now_us for party in flight))
        except InvalidInput as error:
            await self._take_apart(flight, error)
        except QueqiaoError as error:
            _fail(flight, error)
        except Exception as error:  # noqa: BLE001  # a defect must answer who waits, and be seen
            _fail(flight, Broken())
            seen = {"message": "a flight of reservations failed", "exception": error}
            asyncio.get_running_loop().call_exception_handler(seen)
        else:
            _land(flight, told)

    async def _take_apart(self, flight: Sequence[_Party], error: InvalidInput) -> None:
        """Tell the one party whose asks are wrong; nothing was done, so the others fly again."""
        if len(flight) == 1:
            _fail(flight, error)
            return
        for party in flight:
            await self._take((party,))

    def _board(self) -> list[_Party]:
        """Return who flies next, nobody when none waits. Who has given up asks for nothing."""
        waiting, flight, seated = self._waiting, list[_Party](), 0
        while waiting:
            party = waiting[0]
            if party.outcomes.done():
                waiting.popleft()
                continue
            seated += len(party.asks)
            if flight and (seated > self._seats or not _share_second(flight[0], party)):
                break
            flight.append(waiting.popleft())
        return flight


class Flights:
    """Reserves for callers of one ask each. A wrong ask is told before it boards."""

    def __init__(self, ledger: Ledger) -> None:
        self._parties = Parties(ledger.reserve_many, FLIGHTS)

    async def reserve(self, ask: Ask, now_us: int) -> Leased | Refused:
        """Lease what the ask wants. Raises Conflict, and what ``reserve_many`` raises."""
        check_asks((ask,), now_us)
        (outcome,) = await self._parties.reserve((ask,), now_us)
        if isinstance(outcome, Clashed):
            raise Conflict(SAME_KEY)
        return outcome


def _share_second(one: _Party, other: _Party) -> bool:
    return one.now_us // SECOND_US == other.now_us // SECOND_US


def _land(flight: Sequence[_Party], told: Sequence[Outcome]) -> None:
    first = 0
    for party in flight:
        last = first + len(party.asks)
        if not party.outcomes.done():
            party.outcomes.set_result(list(told[first:last]))
        first = last


def _fail(flight: Sequence[_Party], error: QueqiaoError) -> None:
    for party in flight:
        if not party.outcomes.done():
            own = error if len(flight) == 1 else type(error)(error.detail)
            party.outcomes.set_exception(own)
