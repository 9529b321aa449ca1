"""The tables beside this module, read also where our source is a zip file, as in an engine."""

import json
from importlib.resources import files
from typing import Any


def table_of(name: str) -> Any:
    """Return a table by the name of its file."""
    return json.loads(files(__package__).joinpath(name).read_text("utf-8"))
