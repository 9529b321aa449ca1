"""Where the hot roles' chance comes from: the machine, or, in a lived history, the call itself.

In a home whose clock an admin key may set, a call of the past draws from a stream seeded by its
path, time and body. So a history that is lived again meets the same luck: the same decisions under
the same ids. Every other call draws from the machine.
"""

from contextvars import ContextVar
from hashlib import blake2b
from random import Random, SystemRandom

import msgspec

from queqiao.kernel.http import Request, Response, Route

_MACHINE = SystemRandom()
_of_call: ContextVar[Random | None] = ContextVar("chance", default=None)


def random_bits(count: int) -> int:
    """Return so many random bits."""
    own = _of_call.get()
    return (own or _MACHINE).getrandbits(count)


def repeatable(route: Route) -> Route:
    """Return the route such that its calls of the past draw from themselves."""

    async def handler(request: Request) -> Response:
        if not _is_of_the_past(request):
            return await route.handler(request)
        token = _of_call.set(Random(_seed(request)))  # noqa: S311  # a demo's, repeatable by design
        try:
            return await route.handler(request)
        finally:
            _of_call.reset(token)

    return msgspec.structs.replace(route, handler=handler)


def _is_of_the_past(request: Request) -> bool:
    """Say whether the caller set the time, as only admin keys may (``HotApplication``)."""
    said = "queqiao-now" in request.headers
    return said and request.principal is not None and "admin" in request.principal.scopes


def _seed(request: Request) -> bytes:
    digest = blake2b(request.body, digest_size=16)
    digest.update(f"{request.method} {request.path} {request.now_us}".encode())
    return digest.digest()
