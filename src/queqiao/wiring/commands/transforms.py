"""``queqiao transforms``: what can be computed of the event log, on the engine of the settings."""

import asyncio
from enum import StrEnum
from typing import Annotated, Any

import msgspec
import typer

from queqiao.kernel.errors import Message
from queqiao.ports.compute.base import Progress
from queqiao.ports.compute.plan import Windows
from queqiao.ports.rpc import RpcClient
from queqiao.process.late_rows import Recorded, RemoteLateRows, late_rows
from queqiao.process.transforms.catalogue import AFTER, TRANSFORMS
from queqiao.wiring import computing, local_system
from queqiao.wiring.commands.language import language
from queqiao.wiring.commands.options import AsJson, Config, Home, settings
from queqiao.wiring.commands.terminal import mark, out
from queqiao.wiring.settings import Settings

commands = typer.Typer(help="Compute something of the event log.", no_args_is_help=True)

Name = StrEnum("Name", list(TRANSFORMS))  # type: ignore[misc]  # made of the table, so that --help lists it
Ended = Annotated[bool, typer.Option(help="Close what is open, as if no event would come.")]


class Done(msgspec.Struct, frozen=True):
    """How a run ended. ``late`` is None while no system runs that could put late rows on record."""

    transform: str
    engine: str
    progress: dict[str, Any]
    results: int
    too_late: int
    folder: str
    late: Recorded | None = None


@commands.command("list")
def list_(json_: AsJson = False) -> None:
    """Name the transforms. Example: queqiao transforms list."""
    reads = {name: AFTER.get(name, "events") for name in TRANSFORMS}
    if json_:
        out.print(msgspec.json.encode(reads).decode())
        return
    for name, before in reads.items():
        out.print(f"{name:<20} ← {before}")


@commands.command()
def run(
    name: Name,
    home: Home = None,
    config: Config = None,
    ended: Ended = False,
    json_: AsJson = False,
) -> None:
    """Run one over the log, from its checkpoint. Example: queqiao transforms run events_an_hour.

    Rows that its windows call too late are put beside the corrections when a system runs.
    """
    known = settings(home, config)
    with computing.engine(known) as engine:
        progress = computing.run(known, engine, name.value, ended=ended)
        done = _done(known, name.value, progress)
    if json_:
        out.print(msgspec.json.encode(done).decode())
        return
    out.print(mark(good=True), _WORDS.in_language(language()).format(done))


def _done(known: Settings, name: str, progress: Progress) -> Done:
    rows = {output: computing.given(known, name, output) for output in ("results", "too_late")}
    return Done(
        name,
        known.ports.compute.partition(":")[0],
        progress._asdict(),
        rows["results"].num_rows,
        rows["too_late"].num_rows,
        str(computing.results(known, name)),
        asyncio.run(_recorded(known, name, rows["too_late"])),
    )


async def _recorded(known: Settings, name: str, too_late: Any) -> Recorded | None:
    """Have what windows called too late put on record, by the system that runs on the home."""
    has_windows = isinstance(TRANSFORMS[name].steps[-1], Windows)
    if not has_windows or local_system.address(known.home) is None:
        return None
    client = RpcClient(known.socket("analytics.rpc"))
    try:
        return await RemoteLateRows(client).record(late_rows(TRANSFORMS[name], too_late))
    finally:
        await client.close()


_WORDS = Message(
    "{0.transform}：{0.results} 行结果，{0.too_late} 行太晚，在 {0.folder}",
    "{0.transform}: {0.results} rows of results, {0.too_late} too late, in {0.folder}",
)
