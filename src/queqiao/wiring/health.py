"""Is it alive, is it ready: for supervisors, load balancers and our own start."""

import asyncio
from pathlib import Path

from queqiao.kernel.errors import Message, Unavailable
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.wiring.roles import decide_names
from queqiao.wiring.settings import Settings


def sockets(settings: Settings) -> dict[str, Path]:
    """Return the sockets that must answer, by what answers there."""
    names = ["ledger.rpc", "analytics.rpc", "intake.rpc", "scheduler.rpc", "console"]
    names += decide_names(settings)
    return {name.removesuffix(".rpc"): settings.socket(name) for name in names}


def routes(settings: Settings) -> list[Route]:
    """Return the health routes of the public port."""

    async def alive(_request: Request) -> Response:
        return json_response({"status": "ok"})

    async def ready(_request: Request) -> Response:
        missing = [name for name, path in sockets(settings).items() if not await answers(path)]
        if missing:
            names = ", ".join(sorted(missing))
            raise Unavailable(Message(f"尚未就绪：{names}", f"not ready yet: {names}"))
        return json_response({"status": "ready"})

    return [
        Route("GET", "/healthz", alive, Message("存活", "Alive"), tags=("health",)),
        Route("GET", "/readyz", ready, Message("就绪", "Ready"), tags=("health",)),
    ]


async def answers(path: Path) -> bool:
    """Say whether somebody listens on a Unix socket."""
    try:
        _, writer = await asyncio.open_unix_connection(path)
    except OSError:
        return False
    writer.close()
    return True
