"""A feed that PostgreSQL tells by LISTEN and NOTIFY."""

import asyncio

import psycopg

LATEST_S = 1.0
"""One looks after so long all the same: a line that was cut keeps its silence."""
RETRY_EVERY_S = 0.2
CHANNEL = "queqiao_changes"
"""What a trigger on the table of changes notifies; see the migrations."""


class ListeningFeed:
    """A connection of its own that listens. Bound to the event loop of its first wait."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg.AsyncConnection | None = None

    async def wait(self) -> None:
        """Return when somebody noted a change, or it is time to look.

        Returns at once when it has just begun to listen, since what was noted before then told
        nobody. While the server is away it returns every ``RETRY_EVERY_S``.
        """
        try:
            if self._connection is None:
                self._connection = await self._listen()
                return
            async for _ in self._connection.notifies(timeout=LATEST_S, stop_after=1):
                return
        except (psycopg.Error, OSError):
            await self.close()
            await asyncio.sleep(RETRY_EVERY_S)

    async def _listen(self) -> psycopg.AsyncConnection:
        connection = await psycopg.AsyncConnection.connect(
            self._url,
            autocommit=True,
            connect_timeout=2,
            application_name="queqiao feed",
            keepalives_idle=5,
            keepalives_interval=2,
            keepalives_count=2,
        )
        try:
            await connection.execute(f"LISTEN {CHANNEL}")
        except psycopg.Error:
            await connection.close()
            raise
        return connection

    async def close(self) -> None:
        """Give the connection back."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()
