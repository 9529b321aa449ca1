"""``queqiao verify engine``: the laws of a port on a server of the user's own."""

import asyncio
from enum import StrEnum
from typing import Annotated

import msgspec
import typer
from rich.text import Text

from queqiao.wiring import logs
from queqiao.wiring.commands.language import language
from queqiao.wiring.commands.options import AsJson, Config, Home, settings
from queqiao.wiring.commands.terminal import mark, out
from queqiao.wiring.verification.engines import ENGINES, url_of
from queqiao.wiring.verification.examine import Outcome, examine, not_tried

Name = StrEnum("Name", list(ENGINES))  # type: ignore[misc]  # made of the table, so that --help lists it
Url = Annotated[str | None, typer.Option(help="The server; else the one that the settings name.")]


def engine(
    name: Name,
    url: Url = None,
    home: Home = None,
    config: Config = None,
    json_: AsJson = False,
) -> None:
    """Prove a port's laws on a server. Example: queqiao verify engine redis --url redis://h:6379.

    It works in a place of its own on the server, which it removes at the end.
    """
    logs.set_up()
    outcomes = asyncio.run(_all(name.value, url_of(name.value, url, settings(home, config)), json_))
    if json_:
        out.print_json(msgspec.json.encode(outcomes).decode())
    else:
        out.print(Text("·", "yellow"), not_tried(name.value).in_language(language()))
    if not all(outcome.holds for outcome in outcomes):
        raise typer.Exit(1)


async def _all(name: str, url: str, json_: bool) -> list[Outcome]:
    outcomes = []
    async for outcome in examine(name, url):
        outcomes.append(outcome)
        if not json_:
            out.print(mark(outcome.holds), _words(outcome))
    return outcomes


def _words(outcome: Outcome) -> str:
    line = f"{outcome.law.in_language(language())}  {outcome.took_ms} ms"
    return line if outcome.seen is None else f"{line}\n  → {outcome.seen.in_language(language())}"
