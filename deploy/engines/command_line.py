"""The command line: up, down, status, urls, install."""

import argparse
import json
import logging
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from deploy.engines import settings as of
from deploy.engines.catalogue import ENGINES
from deploy.engines.errors import EngineError
from deploy.engines.instance import Instance
from deploy.engines.packages import HERE
from deploy.engines.processes import Started, resident_mb
from deploy.engines.state import ServerState
from deploy.engines.supervisor import run_as_process

HOME = HERE.parents[1] / ".engines"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status. Errors are one line on the standard error."""
    given = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        given.command(Instance(given.home, given.settings), given)
    except EngineError as error:
        print(f"engines: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m deploy.engines", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    names = ", ".join(engine.name for engine in ENGINES)
    for command, function, told in (
        ("up", _up, "start engines (none named: all) and wait until they answer"),
        ("down", _down, "stop engines (none named: all)"),
        ("status", _status, "show how the servers do"),
        ("urls", _urls, "print the engines' addresses"),
        ("env", _env, "print the engines' addresses as lines of a shell"),
        ("toml", _toml, "print the table [ports] of a queqiao.toml that stands on these engines"),
        ("install", _install, "fetch what the engines are made of"),
        ("supervise", _supervise, "be the supervisor (up starts it)"),
    ):
        one = commands.add_parser(command, help=told, description=told)
        one.set_defaults(command=function)
        one.add_argument("--home", type=Path, default=HOME, help="folder of this instance")
        one.add_argument("--settings", type=Path, default=of.settings_file())
        if command == "supervise":
            one.add_argument("--owner", type=int, help="stop when this process is gone")
        else:
            one.add_argument("names", nargs="*", metavar="NAME", help=f"of {names}")
            one.add_argument("--json", action="store_true")
    return parser


def _up(instance: Instance, given: argparse.Namespace) -> None:
    instance.up(given.names)
    _status(instance, given)


def _down(instance: Instance, given: argparse.Namespace) -> None:
    instance.down(given.names)


def _install(instance: Instance, given: argparse.Namespace) -> None:
    instance.install(given.names)


def _supervise(instance: Instance, given: argparse.Namespace) -> None:
    owner = Started.now(given.owner) if given.owner else None
    run_as_process(instance.home, instance.place, instance.servers(), owner)


def _urls(instance: Instance, given: argparse.Namespace) -> None:
    urls = instance.urls(given.names)
    if given.json:
        print(json.dumps(dict(urls), indent=1))
    else:
        _print_pairs(urls, lambda name, url: f"{name:18} {url}")


def _env(instance: Instance, given: argparse.Namespace) -> None:
    urls = instance.urls(given.names)
    _print_pairs(urls, lambda name, url: f"export QUEQIAO_ENGINES_{name.upper()}='{url}'")


def _toml(instance: Instance, _given: argparse.Namespace) -> None:
    urls = instance.urls()
    print("[ports]")
    print(f'event_log = "kafka://{urls["kafka_bootstrap"]}/queqiao"')
    print(f'records = "{urls["postgresql_url"]}"')
    print(f'ledger = "{urls["redis_url"]}"')


def _print_pairs(pairs: Mapping[str, str], line: Callable[[str, str], str]) -> None:
    for name, value in pairs.items():
        print(line(name, value))


def _status(instance: Instance, given: argparse.Namespace) -> None:
    rows = [_row(instance, state) for state in instance.status()]
    if given.json:
        print(json.dumps(rows, indent=1))
        return
    if not rows:
        left = ", ".join(instance.orphans())
        told = f"; the supervisor is gone, and down ends what it left: {left}" if left else ""
        print(f"nothing is up in {instance.home.folder}{told}")
        return
    print(f"{'server':18} {'phase':9} {'pid':>8} {'port':>6} {'up s':>7} {'ready s':>7} "
          f"{'restarts':>8} {'MB':>6}  problem")  # fmt: skip
    for row in rows:
        print("{name:18} {phase:9} {pid:>8} {port:>6} {up_s:>7} {ready_after_s:>7} {restarts:>8} "
              "{resident_mb:>6}  {problem}".format(**row))  # fmt: skip
    print(f"{'all':69} {round(sum(row['resident_mb'] for row in rows)):>6}")


def _row(instance: Instance, state: ServerState) -> dict[str, Any]:
    ports = {server.name: server.ports for server in instance.servers()}[state.name]
    up_s = int(time.time() - state.started_at_us / 1e6) if state.pid else 0
    return {
        **msgspec.to_builtins(state),
        "port": instance.place.ports[ports[0]] if ports else "",
        "up_s": up_s,
        "resident_mb": round(resident_mb(state.pid)) if state.pid else 0,
    }
