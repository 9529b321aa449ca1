"""A running system for benchmarks: real processes, an empty home of their own."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from queqiao.wiring import local_system
from queqiao.wiring.settings import Settings


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
            yield System(address.base_url, *keys, place, address.pid, address.sign_in_token)


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
