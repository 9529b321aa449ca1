"""A running system for benchmarks: real processes, an empty home of their own."""

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from queqiao.wiring import local_system
from queqiao.wiring.settings import Settings

COMPLAINTS_MAX = 40
PUBLIC = Path(os.environ.get("QUEQIAO_SHARED", Path(__file__).parents[2] / "shared")) / "data"
"""Public data sets. They are no part of the project: a user's checkout lacks them."""


class System(NamedTuple):
    """Where it listens, its keys, its home and the supervisor's pid."""

    base_url: str
    admin_key: str
    intake_key: str
    decide_key: str
    home: Path
    pid: int
    sign_in_token: str


@contextmanager
def running_system(
    options: Sequence[str] = (), verb: str = "serve", home: Path | None = None
) -> Iterator[System]:
    """Start a system on a fresh home (or the given one) and stop it at the end."""
    with tempfile.TemporaryDirectory() as folder:
        place = home or Path(folder)
        settings = Settings(home=place)
        with local_system.started(place, ["--port", "0", *options], verb) as address:
            keys = [local_system.key(settings, s, "bench") for s in ("admin", "intake", "decide")]
            try:
                yield System(address.base_url, *keys, place, address.pid, address.sign_in_token)
            except BaseException:
                show_complaints(place / "queqiao.log")
                raise


def show_complaints(log: Path) -> None:
    """Print the last warnings and errors of a system's log: its home is gone after a failure."""
    lines = log.read_text("utf-8", "replace").splitlines()
    told = [line for line in lines if "warning" in line or "error" in line or "killed" in line]
    print(f"the last of {len(told)} complaints of the system:", file=sys.stderr)
    print(*told[-COMPLAINTS_MAX:], sep="\n", file=sys.stderr)


def public_data(name: str) -> Path | None:
    """Return the folder of a public data set; None, and a line that says so, where it is not."""
    folder = PUBLIC / name
    if folder.is_dir():
        return folder
    print(f"left out: no {folder} (set QUEQIAO_SHARED)", file=sys.stderr)
    return None


def row(
    name: str,
    figure: str,
    unit: str,
    better: str,
    ours: float | None,
    *,
    goal: float | None = None,
    peer: float | None = None,
    peer_name: str = "",
) -> dict[str, Any]:
    """Return one row of the table."""
    return {
        "name": name,
        "figure": figure,
        "unit": unit,
        "better": better,
        "goal": goal,
        "ours": ours,
        "peer": peer,
        "peer_name": peer_name,
    }
