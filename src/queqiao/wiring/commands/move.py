"""``queqiao move``: carries what a stopped system has over to a server."""

import asyncio
from typing import Annotated

import typer

from queqiao.kernel.errors import Conflict, Message
from queqiao.ports.ledger.embedded import EmbeddedLedger
from queqiao.wiring import local_system
from queqiao.wiring.commands.options import Config, Home, settings
from queqiao.wiring.commands.terminal import out
from queqiao.wiring.doctor_servers import ledger_report
from queqiao.wiring.extras import extra

commands = typer.Typer(help="Carry data over to a server.", no_args_is_help=True)

To = Annotated[str, typer.Option("--to", help="The server, such as redis://10.0.0.7:6379/0.")]
From = Annotated[str, typer.Option("--from", help="The embedded ledger's folder in the home.")]


@commands.command()
def ledger(to: To, from_: From = "ledger", home: Home = None, config: Config = None) -> None:
    """Carry the ledger over to Redis. Example: queqiao move ledger --to redis://h:6379.

    The system must be stopped; afterwards let [ports] ledger name the server.
    """
    known = settings(home, config)
    if local_system.address(known.home) is not None:
        raise Conflict(_RUNNING)
    with extra("--to", "redis"):
        from queqiao.ports.ledger.redis_move import move  # noqa: PLC0415  # only when named
    ledger_report(to)
    opened = EmbeddedLedger.open(known.home / from_)
    try:
        kept = opened.copy()
        move(kept, to)
    finally:
        asyncio.run(opened.close())
    out.print(
        f"✓ 已搬 {len(kept.counters)} 个计数器、{len(kept.holdings)} 个键  "
        f"{len(kept.counters)} counters and {len(kept.holdings)} keys carried over"
    )


_RUNNING = Message("系统正在运行；请先停下", "the system is running; stop it first")
