"""Where a bidder's server is: its name resolved, and only addresses that may be called.

Private addresses may be called: bidders often stand in the same network. Link-local ones and the
metadata services of clouds may not. What was checked is what is called: the connection goes to the
address, while the Host line and the name in the TLS handshake stay the bidder's.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence

from queqiao.kernel.callable_addresses import is_callable

Resolve = Callable[[str], Awaitable[Sequence[str]]]
"""Gives the addresses of a host name. Raises OSError when there are none."""

KEPT_FOR_S = 60.0
"""How long a resolved name is believed."""


class ForbiddenAddressError(Exception):
    """The bidder's name leads to an address that may not be called."""


async def resolve(host: str) -> Sequence[str]:
    """Ask the machine's resolver."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Addresses:
    """The addresses of one host."""

    def __init__(self, host: str, resolve: Resolve = resolve) -> None:
        self._host = host
        self._resolve = resolve
        self._known: Sequence[str] = ()
        self._until_s = 0.0

    async def get(self, now_s: float) -> Sequence[str]:
        """Return the addresses. Raises ForbiddenAddressError, or OSError when there are none."""
        if not self._known or now_s > self._until_s:
            found = await self._resolve(self._host)
            if not found or not all(map(is_callable, found)):
                raise ForbiddenAddressError
            self._known, self._until_s = found, now_s + KEPT_FOR_S
        return self._known
