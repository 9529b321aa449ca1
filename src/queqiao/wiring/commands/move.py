"""``queqiao move``: carries what a home holds over to servers, a port at a time."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Annotated

import msgspec
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.wiring import adapters, moved
from queqiao.wiring.commands.language import language
from queqiao.wiring.commands.options import AsJson, Config, Home, settings
from queqiao.wiring.commands.terminal import err, out
from queqiao.wiring.moves import MOVES, Counts, Order, Told
from queqiao.wiring.settings import Settings, beyond_types, redacted
from queqiao.wiring.supervisor import lock

commands = typer.Typer(help="Carry data over to a server.", no_args_is_help=True)

To = Annotated[
    str, typer.Option("--to", help="The server; else the one that the settings file names.")
]
From = Annotated[str, typer.Option("--from", help="Where the data lie in the home.")]
Dry = Annotated[bool, typer.Option("--dry-run", help="Look at both sides, carry nothing over.")]
Ahead = Annotated[
    bool, typer.Option("--ahead", help="Copy while the system runs; the rest when it is stopped.")
]
Anew = Annotated[
    bool, typer.Option("--anew", help="Delete the topic of an unfinished copy, and begin again.")
]


class Outcome(msgspec.Struct, frozen=True):
    """What was done. ``whole``: the system may start on the server now."""

    port: str
    to: str
    counts: Counts
    whole: bool
    dry_run: bool = False
    took_s: float = 0.0


@commands.command("event_log")
def event_log(
    to: To = "",
    from_: From = MOVES["event_log"].source,
    ahead: Ahead = False,
    anew: Anew = False,
    dry_run: Dry = False,
    home: Home = None,
    config: Config = None,
    json_: AsJson = False,
) -> None:
    """Carry the events over to Kafka. Example: queqiao move event_log --to kafka://h:9092/shop.

    Offsets stay; a resent event is known. With the system stopped, unless --ahead.
    """
    known = settings(home, config)
    run("event_log", known, _order(known, "event_log", to, from_, ahead, anew), dry_run, json_)


@commands.command()
def records(
    to: To = "",
    from_: From = MOVES["records"].source,
    dry_run: Dry = False,
    home: Home = None,
    config: Config = None,
    json_: AsJson = False,
) -> None:
    """Carry the records over to PostgreSQL. Example: queqiao move records --to postgresql://h/q.

    All of them or none, with the system stopped.
    """
    known = settings(home, config)
    run("records", known, _order(known, "records", to, from_), dry_run, json_)


@commands.command()
def ledger(
    to: To = "",
    from_: From = MOVES["ledger"].source,
    dry_run: Dry = False,
    home: Home = None,
    config: Config = None,
    json_: AsJson = False,
) -> None:
    """Carry the ledger over to Redis. Example: queqiao move ledger --to redis://h:6379.

    With the system stopped.
    """
    known = settings(home, config)
    run("ledger", known, _order(known, "ledger", to, from_), dry_run, json_)


@commands.command()
def lake(
    to: To = "",
    from_: From = MOVES["lake"].source,
    ahead: Ahead = False,
    dry_run: Dry = False,
    home: Home = None,
    config: Config = None,
    json_: AsJson = False,
) -> None:
    """Carry the lake over to HDFS or S3. Example: queqiao move lake --to hdfs://h:8020/queqiao.

    Its catalogue is told, where the settings name one. With the system stopped, unless --ahead.
    """
    known = settings(home, config)
    run("lake", known, _order(known, "lake", to, from_, ahead), dry_run, json_)


@commands.command("all")
def all_ports(
    ahead: Ahead = False,
    dry_run: Dry = False,
    home: Home = None,
    config: Config = None,
    json_: AsJson = False,
) -> None:
    """Carry over all that the settings file puts on servers and that lies in the home.

    Example: queqiao move all --config cluster.toml. With --ahead: the event log and the lake.
    """
    known = settings(home, config)
    for port, move in MOVES.items():
        is_due = moved.place_of(known, port) is None and (known.home / move.source).exists()
        if is_due and (move.can_be_ahead or not ahead):
            run(port, known, _order(known, port, "", move.source, ahead), dry_run, json_)


def _order(
    known: Settings, port: str, to: str, from_: str, ahead: bool = False, anew: bool = False
) -> Order:
    """Return what to carry over. Raises InvalidInput when it is no server, or nothing is here."""
    ports = msgspec.structs.replace(known.ports, **{port: to or getattr(known.ports, port)})
    there = msgspec.structs.replace(known, ports=ports)
    wrong = beyond_types(there)
    if moved.place_of(there, port) is not None:
        wrong.append(FieldError("--to", _NO_SERVER))
    source = known.home / from_
    if not source.exists():
        message = Message(f"没有 {source}", f"there is no {source}")
        wrong.append(FieldError("--from", message))
    if wrong:
        raise InvalidInput(*wrong)
    return Order(there, source, ahead, anew)


def run(port: str, known: Settings, order: Order, dry_run: bool, as_json: bool) -> None:
    """Carry a port's data over, and say what was done."""
    to = getattr(order.there.ports, port)
    began = monotonic()
    with _home_held(known.home, is_needed=not (order.ahead or dry_run)):
        before = moved.moved(known.home).get(port)
        if before is not None and (before.source, before.to) == (str(order.source), redacted(to)):
            outcome = Outcome(port, before.to, {}, whole=True)
        elif dry_run:
            counts = MOVES[port].look(order)
            outcome = Outcome(port, redacted(to), counts, whole=False, dry_run=True)
        else:
            with _progress(port) as told:
                counts = MOVES[port].carry(order, told)
            if not order.ahead:
                moved.note(known.home, port, order.source, to, adapters.clock(known).now_us())
            took_s = round(monotonic() - began, 3)
            outcome = Outcome(port, redacted(to), counts, not order.ahead, took_s=took_s)
    out.print(msgspec.json.encode(outcome).decode() if as_json else _words(outcome))


@contextmanager
def _home_held(home: Path, *, is_needed: bool) -> Iterator[None]:
    """Keep systems from starting meanwhile. Raises Conflict when one runs."""
    if not is_needed:
        yield
        return
    held = lock(home)
    try:
        yield
    finally:
        os.close(held)


@contextmanager
def _progress(port: str) -> Iterator[Told]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=err) as bar:
        task = bar.add_task(port, total=None)
        yield lambda done, of_all: bar.update(task, completed=done, total=of_all)


def _words(outcome: Outcome) -> str:
    spoken = language()
    counted = ", ".join(
        f"{count:,} {_NAMES[name].in_language(spoken)}" for name, count in outcome.counts.items()
    )
    if outcome.dry_run:
        said = _WOULD
    elif not outcome.counts:
        said = _ALREADY
    else:
        said = _DONE if outcome.whole else _AHEAD
    return said.in_language(spoken).format(port=outcome.port, to=outcome.to, counted=counted)


_NO_SERVER = Message(
    "给出服务器的 URL，或用 --config 给出写着它的配置文件",
    "give the URL of a server, or by --config the settings file that names it",
)
_WOULD = Message("可以把 {port} 搬到 {to} {counted}", "{port} can go to {to} {counted}")
_ALREADY = Message("✓ {port} 早已搬到 {to}", "✓ {port} was moved to {to} before")
_DONE = Message("✓ 已把 {port} 搬到 {to}，{counted}", "✓ {port} was moved to {to}, {counted}")
_AHEAD = Message(
    "✓ 已先把 {port} 复制到 {to}，{counted}；停下系统后不带 --ahead 再运行一次",
    "✓ {port} was copied ahead to {to}, {counted}; stop the system and run it without --ahead",
)
_NAMES = {
    "events": Message("个事件", "events"),
    "sent": Message("个是这次发的", "of them sent now"),
    "rows": Message("行", "rows"),
    "tables": Message("张表", "tables"),
    "counters": Message("个计数器", "counters"),
    "keys": Message("个键", "keys"),
    "partitions": Message("个分区", "partitions"),
    "copied": Message("个是这次复制的", "of them copied now"),
    "removed": Message("个已删去", "removed"),
}
