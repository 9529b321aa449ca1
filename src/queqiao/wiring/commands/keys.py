"""``queqiao keys`` and ``queqiao sign-in``: work on the home, with the system up or down."""

import json
from secrets import token_bytes
from typing import Annotated, Literal

import typer

from queqiao.operate.contracts import KeyScope
from queqiao.operate.keys import create_key
from queqiao.operate.sessions import issue_one_time_token
from queqiao.wiring import adapters, local_system
from queqiao.wiring.commands.options import AsJson, Config, Home, settings
from queqiao.wiring.commands.terminal import out

commands = typer.Typer(help="Keys of programs.", no_args_is_help=True)


@commands.command()
def create(
    scope: Annotated[
        Literal["admin", "intake", "decide", "exchange", "cards", "read"],
        typer.Option(help="What the key may do."),
    ],
    name: Annotated[str, typer.Option(help="What the key is for.")] = "command line",
    source: Annotated[str, typer.Option(help="Event source of an intake key.")] = "",
    trusted: Annotated[
        bool, typer.Option(help="A server holds it: what it tells may decide prices.")
    ] = False,
    home: Home = None,
    config: Config = None,
    json_: AsJson = False,
) -> None:
    """Make a key and print it, once. Example: queqiao keys create --scope intake --name web."""
    wanted: KeyScope = scope
    known = settings(home, config)
    records = adapters.records(known)
    records.upgrade()
    now_us = adapters.clock(known).now_us()
    key_id, secret = create_key(
        records, wanted, name, source, trusted=trusted, now_us=now_us, random=token_bytes
    )
    records.close()
    out.print(json.dumps({"id": key_id, "scope": scope, "secret": secret}) if json_ else secret)


def sign_in(home: Home = None, config: Config = None, json_: AsJson = False) -> None:
    """Print a link that signs the owner in, once. Example: queqiao sign-in."""
    known = settings(home, config)
    records = adapters.records(known)
    records.upgrade()
    token = issue_one_time_token(records, adapters.clock(known).now_us(), token_bytes)
    records.close()
    address = local_system.address(known.home)
    base_url = address.base_url if address else f"http://{known.server.host}:{known.server.port}"
    link = f"{base_url}/sign-in?token={token}"
    out.print(json.dumps({"url": link, "token": token}) if json_ else link)
