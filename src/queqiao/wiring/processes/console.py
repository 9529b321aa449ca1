"""The console role: the operators' API and web page."""

import asyncio
from secrets import token_bytes

from queqiao.kernel.clock import SystemClock
from queqiao.operate.application import ConsoleSettings, console_application
from queqiao.operate.authentication import Authenticator
from queqiao.operate.contracts import Services
from queqiao.wiring import adapters, kinds, operations, secret_keys
from queqiao.wiring.changes import Follower
from queqiao.wiring.console_files import console_files
from queqiao.wiring.hot_routes import documented_routes
from queqiao.wiring.http_server import serve as serve_http
from queqiao.wiring.http_server import unix_socket
from queqiao.wiring.settings import Settings


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Answer operators until ``stop`` is set."""
    clock = SystemClock()
    records = adapters.records(settings)
    authenticator = Authenticator(records, clock)
    services = Services(records, secret_keys.signer(settings.home, "cursors"), clock, token_bytes)
    application = console_application(
        ConsoleSettings(
            console_files(),
            settings.clock.accept_header,
            settings.server.public_url.startswith("https:"),
        ),
        services,
        authenticator,
        kinds=kinds.KINDS,
        handlings=kinds.handlings(),
        handlers=operations.operations(settings, services),
        hot_routes=documented_routes(settings, records),
    )
    follower = Follower(records)
    follower.on("", authenticator.follow)
    following = asyncio.create_task(follower.run(stop))
    await serve_http(application, unix_socket(settings.socket("console")), stop)
    await following
    records.close()
