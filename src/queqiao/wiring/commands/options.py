"""Options that several commands share."""

import os
from pathlib import Path
from typing import Annotated

import typer

from queqiao.wiring.settings import Settings, read

Home = Annotated[
    Path | None,
    typer.Option(
        help="Where all state lies (default: $QUEQIAO_HOME or .queqiao).", show_default=False
    ),
]
Config = Annotated[
    Path | None,
    typer.Option(help="The settings file (default: queqiao.toml in the home, when there is one)."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def settings(home: Path | None, config: Path | None) -> Settings:
    """Return the settings that the options name. Raises InvalidInput with every error of them."""
    place = home or Path(os.environ.get("QUEQIAO_HOME", ".queqiao"))
    file = config or place / "queqiao.toml"
    return read(file if config or file.exists() else None, place.absolute())
