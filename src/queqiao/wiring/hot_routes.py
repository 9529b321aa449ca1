"""The routes that other roles answer, for the OpenAPI document of the console role.

They are built as those roles build them, but are never called here: opening nothing, they only
tell their paths, types and words.
"""

from random import SystemRandom
from typing import cast

from queqiao.collect.bad_rows import BadRowsLog
from queqiao.collect.hot_endpoints import IntakeServices
from queqiao.collect.hot_endpoints import routes as intake_routes
from queqiao.collect.own_endpoints import own_routes
from queqiao.decide.ads.hot_endpoints import NoticeServices, notice_routes
from queqiao.decide.ads.traffic.hot_endpoints import routes as traffic_routes
from queqiao.decide.promotions.exposures import Exposures
from queqiao.decide.promotions.flash_sales.tally import Tally
from queqiao.kernel.clock import SystemClock
from queqiao.kernel.http import Route
from queqiao.kernel.ids import IdSource
from queqiao.ports.records.base import Records
from queqiao.wiring import adapters, health, secret_keys, traffic
from queqiao.wiring.console_files import browser_sdk
from queqiao.wiring.hot_state import HotState
from queqiao.wiring.landing_pages import LandingPages
from queqiao.wiring.live import console_reader
from queqiao.wiring.processes import decide
from queqiao.wiring.settings import Settings


def documented_routes(settings: Settings, records: Records) -> list[Route]:
    """Return the routes of the intake and decide roles."""
    log, ledger = adapters.event_log(settings), adapters.ledger(settings)
    ids = IdSource(SystemClock(), SystemRandom().getrandbits)
    nowhere = cast("BadRowsLog", None)  # the intake's own; no route is called here
    intake = IntakeServices(log, nowhere, ids, lambda _: None)
    signer = secret_keys.signer(settings.home, "notices")
    shop = settings.shop
    secret = secret_keys.key(settings.home, "coupons")
    hot = HotState(records, secret, shop.timezone, shop.currency)
    live = console_reader(settings, SystemClock())
    return [
        *intake_routes(intake),
        *own_routes(intake, browser_sdk()),
        *notice_routes(NoticeServices(ledger, log, signer)),
        *decide.routes(settings, hot, live, Exposures(log), Tally()),
        *traffic_routes(traffic.services(settings, traffic.callers(settings))),
        *LandingPages(settings, hot, SystemClock()).routes(),
        *health.routes(settings),
    ]
