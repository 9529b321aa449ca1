"""The intake role: the public port and the one writer of the event log."""

import asyncio
import socket
from random import SystemRandom

from queqiao.collect import rpc_methods, schemas_calls
from queqiao.collect.bad_rows import BadRowsLog
from queqiao.collect.express import Express
from queqiao.collect.hot_endpoints import IntakeServices
from queqiao.collect.hot_endpoints import routes as intake_routes
from queqiao.collect.limits import LimitedLog, SourceLimits
from queqiao.collect.logs import calls as line_calls
from queqiao.collect.offline import file_door
from queqiao.collect.own_endpoints import own_routes
from queqiao.collect.schemas import SchemaBook
from queqiao.collect.schemas_document import EVENT_SCHEMA
from queqiao.collect.taking import Taking
from queqiao.collect.validation import Validator
from queqiao.decide.ads.hot_endpoints import NoticeServices, notice_routes
from queqiao.decide.ads.openrtb.rates import Rates
from queqiao.decide.promotions.flash_sales.tally import Tally
from queqiao.kernel.ids import IdSource
from queqiao.operate.authentication import Authenticator
from queqiao.ports.rpc import RpcServer
from queqiao.wiring import adapters, flash_tally, health, memory, secret_keys, traffic
from queqiao.wiring.asgi import HotApplication
from queqiao.wiring.changes import Follower
from queqiao.wiring.client_address import ClientAddresses
from queqiao.wiring.console_files import browser_sdk
from queqiao.wiring.direct_flash import DirectFlash
from queqiao.wiring.direct_http import Direct, protocol_of
from queqiao.wiring.direct_intake import intake_paths
from queqiao.wiring.forward import Forwarder, Upstream
from queqiao.wiring.garbage import rare_collections
from queqiao.wiring.http_server import serve as serve_http
from queqiao.wiring.role import every, stop_when_broken
from queqiao.wiring.roles import DECIDE_PATHS, decide_names
from queqiao.wiring.settings import Settings

GIVE_BACK_EVERY_S = 15.0
"""How often it is asked whether large bodies have left much free memory behind."""


class Intake:
    """What the role owns: the event log, the bad rows, and who and what it knows of."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock = adapters.clock(settings)
        self.records = adapters.records(settings)
        # Before what follows it, so that nothing falls in between.
        self.follower = Follower(self.records)
        self.authenticator = Authenticator(self.records, self.clock)
        self.follower.on("credential/", self.authenticator.follow)
        self.schemas = SchemaBook(self.records)
        self.follower.on(f"{EVENT_SCHEMA.name}/", self.schemas.load)
        self.schemas.load_now()
        self.log = adapters.owned_event_log(settings)
        self.bad_rows = BadRowsLog(settings.home / "bad_rows")
        self.ids = IdSource(self.clock, SystemRandom().getrandbits)
        self.addresses = ClientAddresses(settings.server.trusted_proxies)
        self.validator = Validator(self.ids, self.schemas)
        rate = settings.intake.events_per_source_per_s_max
        self.tally = Tally()
        self.judges = traffic.callers(settings)
        self.forwarder = forwarder(settings)
        self.limits = SourceLimits(rate, self.clock.now_us) if rate else None

    def rpc_server(self) -> RpcServer:
        """Return what the other roles ask this one."""
        log, rows = self.log, self.bad_rows
        reader = adapters.event_log_reader(self.settings)
        return RpcServer(
            {
                **rpc_methods.methods(log, reader, rows, self.ids, self.schemas),
                **schemas_calls.methods(self.schemas),
                **line_calls.methods(Taking(log, rows, self.validator)),
                **file_door.methods(Taking(log, rows, self.validator)),
            }
        )

    def application(self) -> HotApplication:
        """Return the public port: our own routes, and the way to the other roles."""
        settings = self.settings
        signer = secret_keys.signer(settings.home, "notices")
        services = IntakeServices(
            self.log,
            self.bad_rows,
            self.ids,
            self.authenticator.source_of,
            self.schemas,
            self.limits,
        )
        notices = NoticeServices(
            adapters.ledger(settings),
            self.log,
            signer,
            traffic.watch(settings, self.judges),
            Rates(settings.openrtb.bidder().rates),
        )
        return HotApplication(
            [
                *intake_routes(services),
                *own_routes(services, browser_sdk()),
                *notice_routes(notices),
                *health.routes(settings),
            ],
            self.clock,
            self.authenticator,
            accept_clock_header=settings.clock.accept_header,
            otherwise=self.forwarder,
            addresses=self.addresses,
        )

    def express(self) -> Express:
        """Return the express lane of the public port."""
        known = self.authenticator
        log = self.log if self.limits is None else LimitedLog(self.log, self.limits)
        return Express(log, self.validator, self.clock, known.source_of, known.source_of_line)

    def direct_paths(self) -> dict[bytes, Direct]:
        """Return the paths that are answered without the application, as they are by now.

        Where a caller may set the clock, reservations go the general way, which reads it.
        """
        paths = intake_paths(self.express())
        if not self.settings.clock.accept_header:
            authenticator, tally = self.authenticator, self.tally
            flash = DirectFlash(self.settings, self.records, authenticator, self.clock, tally)
            flash.follow(self.follower, paths)
        return paths

    def close(self) -> None:
        """Commit what is queued, give the files up, hang up on the other roles."""
        self.forwarder.close()
        self.log.close()
        self.bad_rows.close()
        self.records.close()


async def serve(settings: Settings, stop: asyncio.Event, listener: socket.socket) -> None:
    """Take events and forward everything else until ``stop`` is set."""
    intake = Intake(settings)
    server = intake.rpc_server()
    await server.serve(settings.socket("intake.rpc"))
    following = asyncio.create_task(intake.follower.run(stop))
    watching = asyncio.create_task(stop_when_broken([intake.log, intake.bad_rows], stop))
    surplus = memory.Surplus()
    giving_back = asyncio.create_task(every(GIVE_BACK_EVERY_S, stop, surplus.give_back))
    counting = asyncio.create_task(
        flash_tally.tell(settings, intake.tally, "intake", intake.clock, stop)
    )
    judging = asyncio.create_task(traffic.keep(intake.judges, stop))
    bounds = settings.server
    rare_collections()
    await serve_http(
        intake.application(),
        listener,
        stop,
        header_timeout_s=bounds.header_timeout_s,
        body_timeout_s=bounds.body_timeout_s,
        protocol=protocol_of(intake.direct_paths(), intake.addresses),
    )
    await following
    await giving_back
    await counting
    await judging
    await server.close()
    intake.close()
    fault = await watching
    if fault is not None:
        raise fault


def forwarder(settings: Settings) -> Forwarder:
    """Return the way to the other roles, by the prefixes of their paths."""
    decide = Upstream([settings.socket(name) for name in decide_names(settings)])
    console = Upstream([settings.socket("console")])
    return Forwarder({**dict.fromkeys(DECIDE_PATHS, decide), "": console})
