"""Of each port, where its data lay in the home, and what became of them: moved, or begun empty.

A system that started on the old place once more, or on a server that its data never came to, would
give offsets, coupons and budgets a second time. So the start refuses both, until somebody who means
it says so.
"""

from pathlib import Path

import msgspec

from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.whole_file import replace_whole
from queqiao.wiring.settings import Settings, read, redacted

NAME = "moved.json"
EMBEDDED = ("event_log", "records", "ledger", "lake")
"""Ports whose data may lie in the home and may go to servers."""


class Moved(msgspec.Struct, frozen=True):
    """From which place to which URL (its password hidden), and when.

    ``source`` is relative to the home, unless it lies outside. ``begun_empty``: the data stayed
    behind, and somebody said so.
    """

    source: str
    to: str
    at: str
    begun_empty: bool = False

    def was_at(self, home: Path, place: Path) -> bool:
        """Return whether the data lay in a place, by whatever name the home goes today."""
        return (home / self.source).resolve() == place.resolve()


def moved(home: Path) -> dict[str, Moved]:
    """Return what was carried over or left behind, by port."""
    try:
        return msgspec.json.decode((home / NAME).read_bytes(), type=dict[str, Moved])
    except FileNotFoundError:
        return {}


def note(
    home: Path, port: str, source: Path, to: str, now_us: int, *, begun_empty: bool = False
) -> None:
    """Note, durably, that a port goes on on a server from now on."""
    place, root = source.resolve(), home.resolve()
    kept = place.relative_to(root) if place.is_relative_to(root) else place
    fresh = Moved(str(kept), redacted(to), format_rfc3339(now_us), begun_empty)
    replace_whole(home / NAME, msgspec.json.encode(moved(home) | {port: fresh}))


def check(settings: Settings) -> None:
    """Raise InvalidInput when a setting names a place whose data were carried over, or a server
    while the port's data lie in the home and nobody said what becomes of them."""
    noted = moved(settings.home)
    wrong = [
        FieldError(f"ports.{port}", _left(one, settings.home))
        for port, one in noted.items()
        if (place := place_of(settings, port)) is not None and one.was_at(settings.home, place)
    ]
    wrong += [
        FieldError(f"ports.{port}", _behind(port, place))
        for port, place in sources(settings.home).items()
        if port not in noted and place_of(settings, port) is None and holds_data(place)
    ]
    if wrong:
        raise InvalidInput(*wrong)


def sources(home: Path) -> dict[str, Path]:
    """Return where each port's data lie in a home, or would: where they were moved from, else where
    the home's own settings file says, else in the usual place.

    Raises InvalidInput when that file is wrong.
    """
    file = home / "queqiao.toml"
    try:
        present = read(file if file.exists() else None, home)
    except InvalidInput as error:
        fields = (FieldError(f"{file}: {one.path}", one.message) for one in error.fields)
        raise InvalidInput(*fields) from error
    places = {port: place_of(present, port) or usual for port, usual in _usual(home).items()}
    return places | {port: home / one.source for port, one in moved(home).items()}


def _usual(home: Path) -> dict[str, Path]:
    shipped = Settings(home=home)
    return {port: shipped.path_of(getattr(shipped.ports, port)) for port in EMBEDDED}


def holds_data(place: Path) -> bool:
    """Return whether anything lies in a file, or in the files of a folder."""
    files = [place] if place.is_file() else place.rglob("*")
    return any(one.is_file() and one.stat().st_size for one in files)


def place_of(settings: Settings, port: str) -> Path | None:
    """Return where a port's embedded engine keeps its data, None when it is on a server."""
    url: str = getattr(settings.ports, port)
    return settings.path_of(url) if url.startswith(("file:", "sqlite:")) else None


def _left(one: Moved, home: Path) -> Message:
    cure = Message(
        f"请改用它。若确要回到这里的数据（此后的都不在其中），从 {home / NAME} 里删去这一项",
        "name that. To go back to what is here, without all that came since, take the entry out"
        f" of {home / NAME}",
    )
    if one.begun_empty:
        return Message(
            f"已于 {one.at} 丢下这里的数据，在 {one.to} 从空的开始；{cure.zh}",
            f"its data were left behind for {one.to} at {one.at}; {cure.en}",
        )
    return Message(
        f"数据已于 {one.at} 搬到 {one.to}；{cure.zh}",
        f"its data were moved to {one.to} at {one.at}; {cure.en}",
    )


def _behind(port: str, place: Path) -> Message:
    return Message(
        f"{place} 里的数据没有搬到这台服务器；停着系统运行 queqiao move {port}。"
        f"若要丢下它们、从空的开始，运行 queqiao move {port} --begin-empty",
        f"the data in {place} were not moved to this server; with the system stopped, run queqiao"
        f" move {port}. To leave them behind and begin empty, queqiao move {port} --begin-empty",
    )
