"""The call to a receiver: its name is resolved once, and what was checked is what is called.

A name server that answers twice differently (DNS rebinding) gains nothing: the connection goes to
the address that was checked, while the Host line and the name in the TLS handshake, against which
the certificate is verified, stay the receiver's. For the same reason no connection is kept.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ssl import SSLContext, create_default_context

import httpx

from queqiao.kernel.callable_addresses import is_callable

Resolve = Callable[[str], Awaitable[Sequence[str]]]
"""Gives the addresses of a host name. Raises OSError when there are none."""


class ForbiddenAddressError(Exception):
    """The receiver's name leads to an address that may not be called."""


async def resolve(host: str) -> Sequence[str]:
    """Ask the machine's resolver."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Caller:
    """Posts to receivers. ``tls`` is whom to trust: the usual authorities when not given."""

    def __init__(
        self, timeout_s: float, resolve: Resolve = resolve, tls: SSLContext | None = None
    ) -> None:
        self._resolve = resolve
        self._client = httpx.AsyncClient(
            timeout=timeout_s,
            follow_redirects=False,
            trust_env=False,
            verify=tls or create_default_context(),
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    async def close(self) -> None:
        """Let go of what is open."""
        await self._client.aclose()

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
        """Return the status and the Retry-After line of the first address that answers.

        Raises ForbiddenAddressError, and the errors of httpx and of the resolver.
        """
        target = httpx.URL(url)
        addresses = await self._resolve(target.host)
        if not addresses or not all(map(is_callable, addresses)):
            raise ForbiddenAddressError
        for address in addresses[:-1]:
            try:
                return await self._post(target, address, body, headers)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return await self._post(target, addresses[-1], body, headers)

    async def _post(
        self, target: httpx.URL, address: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, str]:
        pinned = target.copy_with(host=address)
        named = {**headers, "host": target.netloc.decode("ascii")}
        async with self._client.stream(
            "POST",
            pinned,
            content=body,
            headers=named,
            extensions={"sni_hostname": target.raw_host.decode("ascii")},
        ) as answer:
            return answer.status_code, answer.headers.get("retry-after", "")
