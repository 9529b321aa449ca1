"""The command ``queqiao``. Exit codes: 0 good, 1 the answer is no, 2 wrong usage, 3 our fault."""

import os
import sys
from collections.abc import Sequence

# Before numpy and Arrow are imported anywhere: their threads gain nothing here, cost memory in
# every role, and the supervisor must have none when it forks.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("JE_ARROW_MALLOC_CONF", "background_thread:false")

import typer
from rich.text import Text

from queqiao import __version__
from queqiao.kernel.errors import CallerError, InvalidInput, QueqiaoError
from queqiao.wiring.commands import (
    backfill,
    backup,
    data,
    keys,
    move,
    proofs,
    service,
    simulate,
    sizing,
    transforms,
)
from queqiao.wiring.commands.language import language
from queqiao.wiring.commands.terminal import err, out

application = typer.Typer(
    name="queqiao",
    help="The back end of e-commerce promotion. 电商推广后台.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
config = typer.Typer(help="Look at the settings.", no_args_is_help=True)
application.add_typer(keys.commands, name="keys")
application.add_typer(proofs.verify, name="verify")
application.add_typer(config, name="config")
application.command("move")(move.move)
application.add_typer(transforms.commands, name="transforms")
application.add_typer(simulate.commands, name="simulate")
application.command("serve")(service.serve)
application.command("demo")(service.demo)
application.command("sign-in")(keys.sign_in)
application.command("import")(data.import_data)
application.command("backfill")(backfill.backfill)
application.command("backup")(backup.backup)
application.command("doctor")(proofs.doctor)
application.command("sizing")(sizing.sizing)
config.command("check")(proofs.check_config)


@application.command()
def version() -> None:
    """Print the version. Example: queqiao version."""
    out.print(__version__)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit with its code."""
    try:
        application(args=arguments)
    except QueqiaoError as error:
        explain(error)
        sys.exit(1 if isinstance(error, CallerError) else 3)


def explain(error: QueqiaoError) -> None:
    """Print an error for a person: what is wrong, where, and the cure."""
    spoken = language()
    if isinstance(error, InvalidInput):
        for path, message in error.fields:
            name = path or error.title.in_language(spoken)
            err.print(Text.assemble((name, "red"), ": ", message.in_language(spoken)))
        if error.fields:
            return
    err.print(error.explain(spoken), style="red")
