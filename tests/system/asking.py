"""A client of a running system's role, hung up in the end.

One that is only forgotten dies with its loop's next collection, in whichever test runs then.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from bench.harness import System

from queqiao.ports.rpc import RpcClient
from queqiao.wiring.settings import Settings


@asynccontextmanager
async def asking(system: System, socket: str, **options: Any) -> AsyncIterator[RpcClient]:
    """Yield a client of the role that listens at ``socket`` of the system's home."""
    client = RpcClient(Settings(home=system.home).socket(socket), **options)
    try:
        yield client
    finally:
        await client.close()
