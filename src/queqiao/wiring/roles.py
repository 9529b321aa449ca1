"""The table of roles: which process does what, and which paths of the public port lead to it.

| role | owns | answers |
|---|---|---|
| intake | the public port, the event log, bad rows | intake protocols, notices; forwards the rest |
| ledger | the ledger | calls of other roles |
| analytics | the warehouse when it runs in process; loads it | calls of other roles |
| decide | nothing; holds snapshots | decisions, quotes, recommendations, coupons, landing pages |
| collector | nothing; server logs, system metrics | nobody |
| console | nothing | the operators' API and page |
| scheduler | nothing; segments, learning, webhooks, the lake | calls of other roles |
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from importlib import import_module

from queqiao.wiring import role
from queqiao.wiring.settings import Settings
from queqiao.wiring.supervisor import RoleMain

ROLES = ("ledger", "intake", "analytics", "decide", "console", "collector", "scheduler")

COUPON_VERBS = ("validate", "lock", "redeem", "release", "return")
CARD_VERBS = (
    "activate", "top-up", "balance", "hold", "capture", "release", "refund", "transfer",
)  # fmt: skip
DECIDE_PATHS = (
    "/api/v1/promotions/quote",
    "/api/v1/traffic/",
    "/api/v1/promotions/redemptions",
    "/api/v1/promotions/refund",
    "/api/v1/engagements",
    *(f"/api/v1/coupons/{{id}}/{verb}" for verb in COUPON_VERBS),
    "/api/v1/flash-sales/{id}/admission",
    "/api/v1/flash-sales/{id}/reserve",
    "/api/v1/flash-sales/{id}/state",
    "/api/v1/reservations/",
    "/api/v1/customers/",
    "/api/v1/referrals",
    *(f"/api/v1/cards/{{id}}/{verb}" for verb in CARD_VERBS),
    "/api/v1/decisions",
    "/api/v1/ads/conversion",
    "/a/v1/",
    "/api/v1/targeting/match",
    "/openrtb2/bid",
    "/openrtb2/auction",
    "/api/v1/auctions/",
    "/api/v1/recommendations",
    "/api/v1/landing-pages/render",
    "/api/v1/landing-pages/check",
    "/api/v1/landing-pages/visitors",
    "/p/",
)
"""Prefixes of the public port that lead to the decide role; the rest is the console's.

``{id}`` stands for one part of a path."""

RoleServe = Callable[[Settings, asyncio.Event], Awaitable[None]]


def decide_names(settings: Settings) -> list[str]:
    """Return the names of the decide role's processes."""
    return [f"decide-{number}" for number in range(settings.server.workers)]


def role_mains(settings: Settings, listener: socket.socket) -> list[tuple[str, RoleMain]]:
    """Return what the supervisor forks, in the order of the start."""
    mains = [("ledger", _main(settings, "ledger"))]
    mains.append(("intake", _main(settings, "intake", listener)))
    mains.append(("analytics", _main(settings, "analytics")))
    mains += [(name, _main(settings, "decide", name)) for name in decide_names(settings)]
    mains.append(("console", _main(settings, "console")))
    mains.append(("collector", _main(settings, "collector")))
    mains.append(("scheduler", _main(settings, "scheduler")))
    return mains


def _main(settings: Settings, module: str, *arguments: object) -> RoleMain:
    """Return a role's process."""

    def main(life_line: int) -> None:
        serve = import_module(f"queqiao.wiring.processes.{module}").serve
        role.run(lambda stop: serve(settings, stop, *arguments), life_line)

    return main
