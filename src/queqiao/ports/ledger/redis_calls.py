"""Calls to a Redis server: few connections, many calls in one flight, back after a fall.

A call whose answer was lost is sent again under its key until its deadline: the step was done or
not, and the key makes either the same. What waits meanwhile is bounded.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.exceptions import (
    BusyLoadingError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import TimeoutError as NoAnswer

from queqiao.kernel.errors import Broken, Message, QueqiaoError, StorageFull, Unavailable
from queqiao.ports.ledger.redis_server import NO_RIGHTS, Place

log = structlog.get_logger()

CONNECTIONS = 2
"""One flight is on its way while the next gathers; the calls of a flight share an ``fsync``."""
FLIGHT_CALLS_MAX = 100
WAITING_CALLS_MAX = 10_000
"""Beyond it a call is refused with Retry-After at once: the server cannot keep up."""
RETRY_FOR_S = 5.0
RETRY_EVERY_S = 0.05

_LOST = (Disconnected, NoAnswer, ReadOnlyError, BusyLoadingError, OSError)
"""The server is away, starting, or no longer the primary: it may be there again in a moment."""
_PASSING = ("BUSY ", "MASTERDOWN", "NOREPLICAS", "TRYAGAIN")
_FULL = ("OOM", "MISCONF")
_UNKNOWN_FUNCTION = "Function not found"

Command = tuple[bytes | str, ...]
Waiting = tuple[Command, "asyncio.Future[Any]"]


class RedisCalls:
    """Sends commands. Bound to the event loop of its first call; open it after a fork."""

    def __init__(
        self,
        place: Place,
        load: Callable[["Redis"], Awaitable[None]],
        retry_for_s: float = RETRY_FOR_S,
    ) -> None:
        self._client = place.client(CONNECTIONS + 1)
        self._load = load
        self._retry_for_s = retry_for_s
        self._waiting: asyncio.Queue[Waiting] = asyncio.Queue()
        self._flights: list[asyncio.Task[None]] = []
        self._loading = asyncio.Lock()

    async def call(self, *command: bytes | str) -> Any:
        """Return the server's answer.

        Raises Unavailable when there is none within the bounds, StorageFull when the server has no
        room, Broken for what it should have understood.
        """
        deadline = asyncio.get_running_loop().time() + self._retry_for_s
        while True:
            try:
                return await self._ask(command, deadline)
            except _LOST as error:
                cause: Exception = error
            except ResponseError as error:
                cause = error
                if _UNKNOWN_FUNCTION in str(error):
                    await self._load_library()
                elif not str(error).startswith(_PASSING):
                    raise _fault_of(error) from error
            if asyncio.get_running_loop().time() >= deadline:
                raise _away() from cause
            await asyncio.sleep(RETRY_EVERY_S)

    async def close(self) -> None:
        """Drop the connections; calls under way fail as Unavailable."""
        for flight in self._flights:
            flight.cancel()
        await asyncio.gather(*self._flights, return_exceptions=True)
        while not self._waiting.empty():
            _, future = self._waiting.get_nowait()
            if not future.done():
                future.set_exception(_away())
        await self._client.aclose()

    async def _ask(self, command: Command, deadline: float) -> Any:
        if self._waiting.qsize() >= WAITING_CALLS_MAX:
            raise _away()
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.put_nowait((command, future))
        if not self._flights:
            self._flights = [asyncio.create_task(self._fly()) for _ in range(CONNECTIONS)]
        try:
            async with asyncio.timeout_at(deadline):
                return await future
        except TimeoutError as error:
            raise _away() from error

    async def _fly(self) -> None:
        while True:
            flight = [await self._waiting.get()]
            while len(flight) < FLIGHT_CALLS_MAX and not self._waiting.empty():
                flight.append(self._waiting.get_nowait())
            await self._send([waiting for waiting in flight if not waiting[1].done()])

    async def _send(self, flight: list[Waiting]) -> None:
        pipeline = self._client.pipeline(transaction=False)
        for command, _ in flight:
            pipeline.execute_command(*command)
        try:
            answers = await pipeline.execute(raise_on_error=False)
        except (RedisError, OSError) as error:
            answers = [error] * len(flight)
        except asyncio.CancelledError:
            _tell(flight, [_away()] * len(flight))
            raise
        _tell(flight, answers)

    async def _load_library(self) -> None:
        async with self._loading:
            try:
                await self._load(self._client)
            except _LOST as error:
                raise _away() from error
            except RedisError as error:
                raise _fault_of(error) from error


def _tell(flight: list[Waiting], answers: list[Any]) -> None:
    for (_, future), answer in zip(flight, answers, strict=True):
        if future.done():
            continue
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)


def _fault_of(error: RedisError) -> QueqiaoError:
    if isinstance(error, OutOfMemoryError) or str(error).startswith(_FULL):
        return StorageFull()
    # The server's own words name keys and commands: they are for the log alone.
    log.error("the ledger's server refused a command", said=str(error))
    if isinstance(error, NoPermissionError):
        return Unavailable(NO_RIGHTS)
    return Broken()


def _away() -> Unavailable:
    return Unavailable(
        Message("账本服务器没有及时应答", "the ledger's server did not answer in time")
    )
