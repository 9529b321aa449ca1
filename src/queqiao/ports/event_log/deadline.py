"""Appending for somebody who waits on a page, no longer than that is worth."""

import asyncio
from collections.abc import Sequence

from queqiao.kernel.errors import Unavailable
from queqiao.ports.event_log.base import EventLog, NewEvent, Outcome

APPEND_WITHIN_S = 3.0
"""How long a decision waits for the log. A healthy one takes milliseconds; one over a network that
has lost a broker takes seconds until another leads."""


async def append_soon(log: EventLog, events: Sequence[NewEvent]) -> list[Outcome]:
    """Append within ``APPEND_WITHIN_S``.

    Raises Unavailable when the log has not answered by then: it may store the events all the same,
    later. Raises what ``append`` raises.
    """
    try:
        async with asyncio.timeout(APPEND_WITHIN_S):
            return await log.append(events)
    except TimeoutError as error:
        raise Unavailable from error
