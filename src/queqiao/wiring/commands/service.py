"""``queqiao serve`` and ``queqiao demo``."""

import json
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from queqiao.demo import offers
from queqiao.kernel.clock import parse_rfc3339
from queqiao.wiring import store, system
from queqiao.wiring.commands.options import AsJson, Config, Home, settings
from queqiao.wiring.commands.terminal import out
from queqiao.wiring.local_system import Address
from queqiao.wiring.settings import Settings, Shop

COMPLETE_JOURNEY = Shop(name="Complete Journey", timezone="America/New_York", currency="USD")
"""The retailer whose data `--data` replays."""

Port = Annotated[int | None, typer.Option(help="The public port (default 8400; 0: any free one).")]
Workers = Annotated[int | None, typer.Option(help="Processes that answer decisions and quotes.")]
Host = Annotated[str | None, typer.Option(help="Address to listen on (default 127.0.0.1).")]


def serve(
    home: Home = None,
    config: Config = None,
    port: Port = None,
    workers: Workers = None,
    host: Host = None,
    json_: AsJson = False,
) -> None:
    """Run the system. Example: queqiao serve --home /var/lib/queqiao --port 8400."""
    known = system.with_options(settings(home, config), port, workers, host)
    system.run(known, announce=lambda address: tell(address, json_))


def demo(
    data: Annotated[
        Path | None, typer.Option(help="A real retailer's data (Complete Journey) to replay.")
    ] = None,
    home: Home = None,
    config: Config = None,
    port: Port = None,
    workers: Workers = None,
    seed: Annotated[int, typer.Option(help="The same seed makes the same store.")] = 618,
    days: Annotated[int, typer.Option(help="Days of history before it lives on.")] = 30,
    until: Annotated[
        str | None, typer.Option(help="When the history ends (default: now), as 2026-06-18T00:00Z.")
    ] = None,
    json_: AsJson = False,
) -> None:
    """Run the system with a living store in it. Example: queqiao demo --home /tmp/store."""
    known = with_clock(system.with_options(settings(home, config), port, workers))
    if data is not None:
        known = msgspec.structs.replace(known, shop=COMPLETE_JOURNEY)
    else:
        known = with_profile(known)
    until_us = None if until is None else parse_rfc3339(until, "--until")
    plan = store.Plan(seed=seed, days=days, data=data, until_us=until_us)
    system.run(
        known,
        extra=[("store", store.role_main(known, plan))],
        announce=lambda address: tell(address, json_),
    )


def with_clock(known: Settings) -> Settings:
    """Return the settings of a demo: its store may say what time it is."""
    clock = msgspec.structs.replace(known.clock, accept_header=True)
    return msgspec.structs.replace(known, clock=clock)


def with_profile(known: Settings) -> Settings:
    """Return the settings of a demo: quotes are reckoned as its store does."""
    promotions = msgspec.structs.replace(known.promotions, profile=offers.PROFILE_ID)
    return msgspec.structs.replace(known, promotions=promotions)


def tell(address: Address, as_json: bool) -> None:
    """Print where the system is and how to sign in."""
    link = system.sign_in_link(address)
    if as_json:
        out.print(json.dumps({"url": address.base_url, "sign_in": link, "pid": address.pid}))
        return
    # Bare lines, not a box: a terminal must not break a link that people click or copy.
    out.print(f"\n鹊桥已就绪  Queqiao is up   {address.base_url}")
    out.print(f"一次性登录  Sign in, once   {link}")
    out.print("Ctrl-C 停止  stops it\n")
