"""``queqiao move``: carries what a home holds over to servers, a port at a time."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from time import monotonic
from typing import Annotated

import msgspec
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from queqiao.kernel.errors import Conflict, FieldError, InvalidInput, Message
from queqiao.wiring import adapters, moved
from queqiao.wiring.commands.language import language
from queqiao.wiring.commands.options import AsJson, Config, Home, settings
from queqiao.wiring.commands.terminal import err, out
from queqiao.wiring.moves import MOVES, Counts, Order, Told
from queqiao.wiring.settings import Settings, beyond_types, redacted
from queqiao.wiring.supervisor import lock

ALL = "all"
Ports = StrEnum("Ports", [*MOVES, ALL])  # type: ignore[misc]  # made of the table, so that --help lists it
_PORT = "Whose data: event_log, records, ledger, lake; or all."
Port = Annotated[Ports, typer.Argument(metavar="PORT", help=_PORT)]

To = Annotated[
    str, typer.Option("--to", help="The server; else the one that the settings file names.")
]
From = Annotated[
    str,
    typer.Option("--from", help="Where the data lie in the home; else where its own file says."),
]
Dry = Annotated[bool, typer.Option("--dry-run", help="Look at both sides, carry nothing over.")]
Ahead = Annotated[
    bool, typer.Option("--ahead", help="Copy while the system runs; the rest when it is stopped.")
]
Anew = Annotated[
    bool, typer.Option("--anew", help="Delete the topic of an earlier copy, and begin again.")
]

Empty = Annotated[
    bool,
    typer.Option("--begin-empty", help="Carry nothing over: leave what the home holds behind."),
]


class Outcome(msgspec.Struct, frozen=True):
    """What was done: ``how`` is a key of ``_SAID``."""

    port: str
    to: str
    how: str
    counts: Counts = {}
    took_s: float = 0.0

    def whole(self) -> bool:
        """Return whether the port goes on on the server from now on."""
        return self.how in {"moved", "before", "begun_empty"}


def move(
    port: Port,
    to: To = "",
    from_: From = "",
    ahead: Ahead = False,
    anew: Anew = False,
    begin_empty: Empty = False,
    dry_run: Dry = False,
    home: Home = None,
    config: Config = None,
    json_: AsJson = False,
) -> None:
    """Carry data over to a server. Example: queqiao move ledger --to redis://h:6379.

    One port, or all that the settings file puts on servers and that lie in the home: offsets stay,
    a resent event is known, records go as a whole or not at all. With the system stopped, but for
    --ahead.
    """
    known = settings(home, config)
    _check_options(port.value, {"--to": to, "--from": from_, "--ahead": ahead, "--anew": anew,
                                "--begin-empty": begin_empty})  # fmt: skip
    if port.value != ALL:
        order = _order(known, port.value, to, from_, ahead, anew, begin_empty)
        run(port.value, known, order, dry_run, json_)
        return
    if not known.home.is_dir():
        message = Message(f"没有 {known.home}", f"there is no {known.home}")
        raise InvalidInput(FieldError("--home", message))
    for name, source in moved.sources(known.home).items():
        passed_over = _passed_over(known, name, source, ahead=ahead)
        if passed_over:
            _say(Outcome(name, redacted(getattr(known.ports, name)), passed_over), json_)
        else:
            run(name, known, _order(known, name, "", str(source), ahead), dry_run, json_)


def _check_options(port: str, given: dict[str, object]) -> None:
    """Raise InvalidInput for options that mean nothing to a port."""
    known = {"--ahead"} if port == ALL else {"--to", "--from", "--begin-empty"}
    if port != ALL:
        known |= {"--ahead"} if MOVES[port].can_be_ahead else set()
        known |= {"--anew"} if MOVES[port].can_be_anew else set()
    wrong = [FieldError(name, _NOT_OF_IT) for name in given if given[name] and name not in known]
    if wrong:
        raise InvalidInput(*wrong)


def _passed_over(known: Settings, port: str, source: Path, *, ahead: bool) -> str:
    """Return why a port has no turn (a key of ``_SAID``), empty when it has one."""
    if moved.place_of(known, port) is not None:
        return "stays"
    noted = moved.moved(known.home).get(port)
    if noted is not None:
        return "begun_empty" if noted.begun_empty else ""
    if not source.exists():
        return "nothing"
    return "later" if ahead and not MOVES[port].can_be_ahead else ""


def _order(
    known: Settings,
    port: str,
    to: str,
    from_: str,
    ahead: bool = False,
    anew: bool = False,
    begin_empty: bool = False,
) -> Order:
    """Return what to carry over. Raises InvalidInput when it is no server, or nothing is here."""
    ports = msgspec.structs.replace(known.ports, **{port: to or getattr(known.ports, port)})
    there = msgspec.structs.replace(known, ports=ports)
    wrong = beyond_types(there)
    if moved.place_of(there, port) is not None:
        wrong.append(FieldError("--to", _NO_SERVER))
    source = known.home / (from_ or moved.sources(known.home)[port])
    if not source.exists() and port not in moved.moved(known.home):
        message = Message(f"没有 {source}", f"there is no {source}")
        wrong.append(FieldError("--from", message))
    if wrong:
        raise InvalidInput(*wrong)
    return Order(there, source, ahead, anew, begin_empty)


def run(port: str, known: Settings, order: Order, dry_run: bool, as_json: bool) -> None:
    """Carry a port's data over, and say what was done. Raises Conflict when they went to another
    place before."""
    is_ahead = order.ahead and not order.begin_empty
    with _home_held(known.home, is_needed=not (is_ahead or dry_run)):
        noted = moved.moved(known.home).get(port)
        if noted is not None:
            outcome = _again(port, order, noted, dry_run=dry_run)
        elif dry_run:
            to = redacted(getattr(order.there.ports, port))
            counts = {} if order.begin_empty else MOVES[port].look(order)
            outcome = Outcome(port, to, "dry_run", counts)
        else:
            outcome = _carried(port, order)
    _say(outcome, as_json)


def _again(port: str, order: Order, noted: moved.Moved, *, dry_run: bool) -> Outcome:
    """Leave what was done before as it is. Raises Conflict when something else is asked for."""
    home = order.there.home
    wanted = redacted(getattr(order.there.ports, port)), order.begin_empty
    if (noted.to, noted.begun_empty) != wanted or not noted.was_at(home, order.source):
        raise Conflict(_otherwise(port, noted, home / moved.NAME))
    if not (dry_run or order.ahead or noted.begun_empty):
        MOVES[port].tell(order)
    return Outcome(port, noted.to, "begun_empty" if noted.begun_empty else "before")


def _carried(port: str, order: Order) -> Outcome:
    if order.begin_empty:
        return _noted(port, order, "begun_empty")
    began = monotonic()
    with _progress(port) as told:
        counts = MOVES[port].carry(order, told)
    # Noted before anybody is told: what is there may be used from now on, and is not ours to undo.
    done = _noted(port, order, "ahead" if order.ahead else "moved")
    MOVES[port].tell(order)
    return msgspec.structs.replace(done, counts=counts, took_s=round(monotonic() - began, 3))


def _noted(port: str, order: Order, how: str) -> Outcome:
    """Note what was done, unless more is to come."""
    to, home = getattr(order.there.ports, port), order.there.home
    if how != "ahead":
        now_us, empty = adapters.clock(order.there).now_us(), order.begin_empty
        moved.note(home, port, order.source, to, now_us, begun_empty=empty)
    return Outcome(port, redacted(to), how)


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


def _say(outcome: Outcome, as_json: bool) -> None:
    if as_json:
        shown = {**msgspec.structs.asdict(outcome), "whole": outcome.whole()}
        out.print(msgspec.json.encode(shown).decode())
        return
    spoken = language()
    counted = ", ".join(
        f"{count:,} {_NAMES[name].in_language(spoken)}" for name, count in outcome.counts.items()
    )
    said = _SAID[outcome.how].in_language(spoken)
    out.print(said.format(port=outcome.port, to=outcome.to, counted=counted))


def _otherwise(port: str, noted: moved.Moved, file: Path) -> Message:
    """Return what is said when a port's data went elsewhere, or stayed behind, before."""
    what = (
        Message("在那里从空的开始", "begun empty")
        if noted.begun_empty
        else Message("搬走", "moved")
    )
    return Message(
        f"{port} 已于 {noted.at} 从 {noted.source} {what.zh}（{noted.to}）；写同样的地方，"
        f"或若那里的已不要了，从 {file} 里删去这一项",
        f"{port} was {what.en} before: {noted.to}, from {noted.source}, at {noted.at}; name the"
        f" same, or, if what is there is to be given up, take the entry out of {file}",
    )


_NOT_OF_IT = Message("这里没有这个选项", "means nothing here: leave it out")
_NO_SERVER = Message(
    "给出服务器的 URL，或用 --config 给出写着它的配置文件",
    "give the URL of a server, or by --config the settings file that names it",
)
_SAID = {
    "dry_run": Message("可以把 {port} 搬到 {to} {counted}", "{port} can go to {to} {counted}"),
    "before": Message("✓ {port} 早已搬到 {to}", "✓ {port} was moved to {to} before"),
    "moved": Message("✓ 已把 {port} 搬到 {to}，{counted}", "✓ {port} was moved to {to}, {counted}"),
    "ahead": Message(
        "✓ 已先把 {port} 复制到 {to}，{counted}；停下系统后不带 --ahead 再运行一次",
        "✓ {port} was copied ahead to {to}, {counted}; stop the system and run it without --ahead",
    ),
    "begun_empty": Message(
        "✓ {port} 在 {to} 从空的开始；家目录里的留下不用",
        "✓ {port} begins empty on {to}; what the home holds of it stays behind",
    ),
    "stays": Message(
        "– {port} 不搬：配置写的是 {to}，不是服务器",
        "– {port} stays: the settings name {to}, which is no server",
    ),
    "nothing": Message(
        "– {port} 不搬：家目录里没有它的数据",
        "– {port}: the home holds nothing of it, so there is nothing to move",
    ),
    "later": Message(
        "– {port} 不能提前搬；停下系统后再搬",
        "– {port} cannot be copied ahead; it goes when the system is stopped",
    ),
}
"""What is said of each outcome."""
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
