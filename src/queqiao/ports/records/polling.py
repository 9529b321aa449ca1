"""A feed for a store that cannot tell: one looks, several times a second."""

import asyncio

POLL_EVERY_S = 0.2
"""How often each role looks."""


class PollingFeed:
    """For a store that tells nobody: the next look is due in a moment."""

    async def wait(self) -> None:
        """Return when it is time to look."""
        await asyncio.sleep(POLL_EVERY_S)

    async def close(self) -> None:
        """Nothing is held."""
