"""A backup of a home whose system runs: all of it as of one offset of the event log.

The parts are copied one after the other, each whole and as of one moment, in an order in which none
says more of another than that one holds:

1. what notes how much of itself it gave to the log (records with webhooks' checkpoints, bad rows
   and their replays, imports, followed files), so that nothing counts as given that the log lacks;
2. the log: its last offset is that of the backup;
3. what the log's events rest on (the ledger: no event without its spending; the book of erasures;
   secrets, which are only ever added to).

The warehouse is left out, with how far it is loaded: both follow from the log.
"""

import errno
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from queqiao import __version__
from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.errors import Conflict, FieldError, InvalidInput, Message
from queqiao.ports.event_log.copy import copy_log
from queqiao.ports.journal import copy_journal
from queqiao.ports.ledger.copy import copy_ledger
from queqiao.process.tier import LAKE_TABLE
from queqiao.wiring import adapters, erasure_elsewhere, moved, transform_folder
from queqiao.wiring.settings import Settings

NAME = "backup.json"
WORTHLESS = (
    "run", "process.sqlite", "shadow.sqlite", "backfill.json", transform_folder.NAME,
    "queqiao.log", adapters.KAFKA_FOLDER, "caps.table",
)  # fmt: skip
"""Of a running system only, or made again of what is there. How far a loader was, that of a
backfill too, is worth nothing without its tables."""
LAST = (erasure_elsewhere.BOOK, "secrets")
FULL = {errno.ENOSPC, errno.EDQUOT}
SQLITE_HEAD = b"SQLite format 3\0"
_BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a file belongs to that file's copy."""


class Backup(msgspec.Struct, frozen=True):
    """What a backup is of: the log's last offset in it, when it was begun, and by which release.

    ``left_out`` names the ports whose data lie on servers.
    """

    offset: int
    at: str
    version: str
    left_out: list[str]


def back_up(settings: Settings, target: Path) -> Backup:
    """Copy the home to a new folder, which appears under its name when it is whole.

    Raises Conflict when the target is there already, InvalidInput where data of a port lie outside
    the home, OSError when the disk does not take it.
    """
    draft = target.with_name(f"{target.name}.unfinished")
    _check(settings, target)
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True, mode=0o700)
    at = format_rfc3339(adapters.clock(settings).now_us())
    done = Backup(_Copy(settings, draft).run(), at, __version__, _on_servers(settings))
    (draft / NAME).write_bytes(msgspec.json.encode(done))
    os.sync()
    draft.rename(target)
    return done


def _check(settings: Settings, target: Path) -> None:
    if target.exists():
        raise Conflict(Message(f"{target} 已存在", f"{target} is there already"))
    if not settings.home.is_dir():
        raise InvalidInput(FieldError("--home", Message("没有这个目录", "there is no such folder")))
    outside = [
        FieldError(f"ports.{port}", _OUTSIDE)
        for port in moved.EMBEDDED
        if (place := moved.place_of(settings, port)) is not None
        and not place.is_relative_to(settings.home)
    ]
    outside += [
        FieldError(f"ports.{port}", _DEEP)
        for port in ("event_log", "ledger", "lake")
        if (place := moved.place_of(settings, port)) is not None
        and place.is_relative_to(settings.home)
        and place.parent != settings.home
    ]
    if target.is_relative_to(settings.home):
        outside.append(FieldError("target", _INSIDE))
    if outside:
        raise InvalidInput(*outside)


def _on_servers(settings: Settings) -> list[str]:
    return [port for port in moved.EMBEDDED if moved.place_of(settings, port) is None]


class _Copy:
    """One copy of a home, into a new folder."""

    def __init__(self, settings: Settings, target: Path) -> None:
        self._settings, self._home, self._target = settings, settings.home, target

    def run(self) -> int:
        """Copy everything, in order; return the last offset of the log."""
        for path in self._plain():
            if path.name not in LAST:
                self._copy(path)
        self._copy_at("lake", self._copy_lake)
        copy_journal(self._home / "bad_rows", self._target / "bad_rows")
        offset = self._copy_log()
        self._copy_at("ledger", copy_ledger)
        for name in LAST:
            if (self._home / name).exists():
                self._copy(self._home / name)
        return offset

    def _copy_log(self) -> int:
        """Copy the log; return its last offset. One on servers stays there."""
        log = moved.place_of(self._settings, "event_log")
        if log is not None:
            return copy_log(log, self._there(log))
        return adapters.event_log_reader(self._settings).end()

    def _copy_at(self, port: str, copy: Callable[[Path, Path], None]) -> None:
        """Copy a port's data where they lie in the home."""
        place = moved.place_of(self._settings, port)
        if place is not None and place.exists():
            copy(place, self._there(place))

    def _plain(self) -> Iterator[Path]:
        """Yield what has no way of its own: files, folders and SQLite databases."""
        own = {moved.place_of(self._settings, port) for port in ("event_log", "ledger", "lake")}
        own |= {self._warehouse(), self._home / "bad_rows"}
        for path in sorted(self._home.iterdir()):
            if path not in own and path.name not in WORTHLESS and not _is_beside(path):
                yield path

    def _warehouse(self) -> Path | None:
        url = self._settings.ports.warehouse
        return self._settings.path_of(url) if url.startswith("chdb:") else None

    def _there(self, path: Path) -> Path:
        return self._target / path.relative_to(self._home)

    def _copy(self, path: Path) -> None:
        if path.is_dir():
            shutil.copytree(path, self._there(path), ignore=_beside, copy_function=_copy_file)
        else:
            _copy_file(path, self._there(path))

    def _copy_lake(self, source: Path, target: Path) -> None:
        """Copy what is published, but for old events: their book lies in the warehouse."""

        def hidden(folder: str, names: list[str]) -> list[str]:
            top = [LAKE_TABLE] if Path(folder) == source else []
            return [name for name in names if name.startswith(".") or name in top]

        shutil.copytree(source, target, ignore=hidden, copy_function=_copy_file)


def _is_beside(path: Path) -> bool:
    """Say whether SQLite keeps a file beside a database of its."""
    return any(
        path.name.endswith(ending) and _is_sqlite(path.with_name(path.name.removesuffix(ending)))
        for ending in _BESIDE
    )


def _beside(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if _is_beside(Path(folder, name))]


def _is_sqlite(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(SQLITE_HEAD)) == SQLITE_HEAD
    except OSError:
        return False


def _copy_file(source: str | Path, target: str | Path) -> None:
    """Copy a file; one that is gone meanwhile is no part of the backup."""
    if _is_sqlite(Path(source)):
        _copy_sqlite(Path(source), Path(target))
        return
    with suppress(FileNotFoundError):
        shutil.copy2(source, target)


def _copy_sqlite(source: Path, target: Path) -> None:
    """Copy a database as of one moment, beside whoever writes it."""
    from_, to = sqlite3.connect(source), sqlite3.connect(target)
    try:
        from_.backup(to)
    finally:
        from_.close()
        to.close()


_OUTSIDE = Message(
    "数据不在家目录里；请另行备份，或停机后复制",
    "its data lie outside the home: copy them with the system stopped",
)
_DEEP = Message(
    "须直接放在家目录下；否则停机后复制",
    "must lie in the home itself, not deeper: else copy it with the system stopped",
)
_INSIDE = Message("不能放在家目录里", "must lie outside the home")
