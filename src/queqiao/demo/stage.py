"""Where a visit happens: in history, whose clock the visit moves, or now, where it waits."""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

from queqiao.demo.client import Answer, StoreClient
from queqiao.kernel.clock import SECOND_US, Clock

Event = dict[str, Any]


class Stage(Protocol):
    """What a visit needs of the world. ``is_past``: it happens in history."""

    is_past: bool

    def now_us(self) -> int:
        """Return the visit's time."""
        ...

    async def pause(self, seconds: float) -> None:
        """Let that much of the visit's time go by."""
        ...

    def tell(self, event: Event) -> None:
        """Send an event of the tracking library, soon."""
        ...

    async def ask(self, path: str, body: Any) -> Answer:
        """Post to the system at the visit's time."""
        ...

    async def look(self, path: str, **headers: str) -> Answer:
        """Read what the system knows at the visit's time, or follow its tracking link."""
        ...


class HistoryStage:
    """A visit of the past: pauses take no time, calls carry the visit's time."""

    is_past = True

    def __init__(self, client: StoreClient, start_us: int, events: list[Event]) -> None:
        self._client = client
        self._now_us = start_us
        self._events = events

    def now_us(self) -> int:
        """Return the visit's own time."""
        return self._now_us

    async def pause(self, seconds: float) -> None:
        """Move the visit's clock."""
        self._now_us += int(seconds * SECOND_US)

    def tell(self, event: Event) -> None:
        """Keep the event for the hour's batches."""
        self._events.append(event)

    async def ask(self, path: str, body: Any) -> Answer:
        """Post with the visit's time."""
        return await self._client.post(path, body, self._now_us)

    async def look(self, path: str, **headers: str) -> Answer:
        """Get with the visit's time."""
        return await self._client.get(path, self._now_us, **headers)


class LiveStage:
    """A visit that happens now."""

    is_past = False

    def __init__(self, client: StoreClient, clock: Clock, tell: Callable[[Event], None]) -> None:
        self._client = client
        self._clock = clock
        self._tell = tell

    def now_us(self) -> int:
        """Return the present time."""
        return self._clock.now_us()

    async def pause(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)

    def tell(self, event: Event) -> None:
        """Hand the event to the sender, which sends within a second."""
        self._tell(event)

    async def ask(self, path: str, body: Any) -> Answer:
        """Post now."""
        return await self._client.post(path, body)

    async def look(self, path: str, **headers: str) -> Answer:
        """Get now."""
        return await self._client.get(path, None, **headers)
