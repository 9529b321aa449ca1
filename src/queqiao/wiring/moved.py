"""What of a home was carried over to servers: noted, so that nobody goes on in the old place.

A system that started on the old place once more would give offsets, coupons and budgets a second
time. So the start refuses it, until somebody who means it removes the note.
"""

from pathlib import Path

import msgspec

from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.ports.event_log.manifest import replace_file
from queqiao.wiring.settings import Settings, redacted

NAME = "moved.json"
EMBEDDED = ("event_log", "records", "ledger", "lake")
"""Ports whose data may lie in the home and may go to servers."""


class Moved(msgspec.Struct, frozen=True):
    """From which place in the home, to which URL (its password hidden), and when."""

    source: str
    to: str
    at: str


def moved(home: Path) -> dict[str, Moved]:
    """Return what was carried over, by port."""
    try:
        return msgspec.json.decode((home / NAME).read_bytes(), type=dict[str, Moved])
    except FileNotFoundError:
        return {}


def note(home: Path, port: str, source: Path, to: str, now_us: int) -> None:
    """Note, durably, that a port's data lie on a server from now on."""
    fresh = Moved(str(source), redacted(to), format_rfc3339(now_us))
    replace_file(home / NAME, msgspec.json.encode(moved(home) | {port: fresh}))


def check(settings: Settings) -> None:
    """Raise InvalidInput when a setting still names a place whose data were carried over."""
    left = [
        FieldError(f"ports.{port}", _left(one, settings.home))
        for port, one in moved(settings.home).items()
        if str(place_of(settings, port)) == one.source
    ]
    if left:
        raise InvalidInput(*left)


def place_of(settings: Settings, port: str) -> Path | None:
    """Return where a port's embedded engine keeps its data, None when it is on a server."""
    url: str = getattr(settings.ports, port)
    return settings.path_of(url) if url.startswith(("file:", "sqlite:")) else None


def _left(one: Moved, home: Path) -> Message:
    return Message(
        f"数据已于 {one.at} 搬到 {one.to}；请改用它。若确要回到搬之前的数据（此后的都不在其中），"
        f"从 {home / NAME} 里删去这一项",
        f"its data were moved to {one.to} at {one.at}; name that. To go back to what was here"
        f" before, without all that came since, take the entry out of {home / NAME}",
    )
