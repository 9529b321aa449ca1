"""The intake role: the public port and the one writer of the event log."""

import asyncio
import gc
import socket
from random import SystemRandom

from queqiao.collect import rpc_methods, schemas_calls
from queqiao.collect.bad_rows import BadRowsLog
from queqiao.collect.express import Express
from queqiao.collect.hot_endpoints import IntakeServices
from queqiao.collect.hot_endpoints import routes as intake_routes
from queqiao.collect.logs import calls as line_calls
from queqiao.collect.own_endpoints import own_routes
from queqiao.collect.schemas import SchemaBook
from queqiao.collect.schemas_document import EVENT_SCHEMA
from queqiao.collect.taking import Taking
from queqiao.collect.validation import Validator
from queqiao.decide.ads.hot_endpoints import NoticeServices, notice_routes
from queqiao.kernel.clock import SystemClock
from queqiao.kernel.ids import IdSource
from queqiao.operate.authentication import Authenticator
from queqiao.ports.rpc import RpcServer
from queqiao.wiring import adapters, health, secret_keys
from queqiao.wiring.asgi import HotApplication
from queqiao.wiring.changes import Follower
from queqiao.wiring.console_files import browser_sdk
from queqiao.wiring.direct_intake import direct_protocol
from queqiao.wiring.forward import Forwarder, Upstream
from queqiao.wiring.http_server import serve as serve_http
from queqiao.wiring.role import stop_when_broken
from queqiao.wiring.roles import DECIDE_PATHS, decide_names
from queqiao.wiring.settings import Settings

COLLECT_EVERY_OBJECTS = 50_000


async def serve(settings: Settings, stop: asyncio.Event, listener: socket.socket) -> None:
    """Take events and forward everything else until ``stop`` is set."""
    clock = SystemClock()
    records = adapters.records(settings)
    follower = Follower(records)  # before what follows it, so that nothing falls in between
    authenticator = Authenticator(records, clock)
    follower.on("credential/", authenticator.follow)
    schemas = SchemaBook(records)
    follower.on(f"{EVENT_SCHEMA.name}/", schemas.load)
    schemas.load_now()
    log = adapters.owned_event_log(settings)
    bad_rows = BadRowsLog(settings.home / "bad_rows")
    ids = IdSource(clock, SystemRandom().getrandbits)
    reader = adapters.event_log_reader(settings)
    server = RpcServer(
        {
            **rpc_methods.methods(log, reader, bad_rows, ids, schemas),
            **schemas_calls.methods(schemas),
            **line_calls.methods(Taking(log, bad_rows, Validator(ids, schemas))),
        }
    )
    await server.serve(settings.socket("intake.rpc"))
    signer = secret_keys.signer(settings.home, "notices")
    intake = IntakeServices(log, bad_rows, ids, authenticator.source_of, schemas)
    application = HotApplication(
        [
            *intake_routes(intake),
            *own_routes(intake, browser_sdk()),
            *notice_routes(NoticeServices(adapters.ledger(settings), log, signer)),
            *health.routes(settings),
        ],
        clock,
        authenticator,
        accept_clock_header=settings.clock.accept_header,
        otherwise=forwarder(settings),
    )
    express = Express(
        log, Validator(ids, schemas), clock, authenticator.source_of, authenticator.source_of_line
    )
    following = asyncio.create_task(follower.run(stop))
    watching = asyncio.create_task(stop_when_broken([log, bad_rows], stop))
    bounds = settings.server
    rare_collections()
    await serve_http(
        application,
        listener,
        stop,
        header_timeout_s=bounds.header_timeout_s,
        body_timeout_s=bounds.body_timeout_s,
        protocol=direct_protocol(express),
    )
    await following
    await server.close()
    log.close()
    bad_rows.close()
    records.close()
    fault = await watching
    if fault is not None:
        raise fault


def rare_collections() -> None:
    """Tell the garbage collector that what a start made stays, and that requests leave no cycles.

    A young collection every 700 objects would look at each batch several times. Nothing is
    collected first: that would unshare the memory that the roles have in common.
    """
    gc.freeze()
    gc.set_threshold(COLLECT_EVERY_OBJECTS, 20, 100)


def forwarder(settings: Settings) -> Forwarder:
    """Return the way to the other roles, by the prefixes of their paths."""
    decide = Upstream([settings.socket(name) for name in decide_names(settings)])
    console = Upstream([settings.socket("console")])
    return Forwarder({**dict.fromkeys(DECIDE_PATHS, decide), "": console})
