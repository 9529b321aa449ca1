"""The console role: the operators' API and web page."""

import asyncio
from secrets import token_bytes

from litestar import Litestar

from queqiao.operate.application import ConsoleSettings, console_application
from queqiao.operate.authentication import Authenticator
from queqiao.operate.contracts import Services
from queqiao.ports.records.base import Records
from queqiao.wiring import adapters, kinds, operations, points_desk, secret_keys
from queqiao.wiring.changes import Follower
from queqiao.wiring.console_files import console_files
from queqiao.wiring.hot_routes import documented_routes
from queqiao.wiring.http_server import serve as serve_http
from queqiao.wiring.http_server import unix_socket
from queqiao.wiring.parameters import PARAMETERS
from queqiao.wiring.settings import Settings


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Answer operators until ``stop`` is set."""
    records = adapters.records(settings)
    follower = Follower(records)  # before what follows it, so that nothing falls in between
    authenticator = Authenticator(records, adapters.clock(settings))
    follower.on("credential/", authenticator.follow)
    following = asyncio.create_task(follower.run(stop))
    listener = unix_socket(settings.socket("console"))
    await serve_http(application(settings, records, authenticator), listener, stop)
    await following
    records.close()


def application(settings: Settings, records: Records, authenticator: Authenticator) -> Litestar:
    """Return the console's application over the roles of a running system."""
    signer = secret_keys.signer(settings.home, "cursors")
    services = Services(records, signer, adapters.clock(settings), token_bytes)
    return console_application(
        ConsoleSettings(
            console_files(),
            settings.clock.accept_header,
            settings.server.public_url.startswith("https:"),
        ),
        services,
        authenticator,
        kinds=kinds.KINDS,
        handlings=kinds.handlings(adapters.keyring(settings), settings),
        handlers=operations.operations(settings, services),
        hot_routes=documented_routes(settings, records),
        parameters=PARAMETERS,
        allowed=points_desk.allowed(settings, records),
    )
