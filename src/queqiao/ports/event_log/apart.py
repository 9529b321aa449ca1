"""Frames that found no room for their new bodies: one SQLite file, each frame by its position.

A rewritten body says less, but what it says is its own, and packs worse. So a frame of hundreds of
events fits its place when it is packed harder, one of twenty does not always, and one of a single
event nearly never (measured: ``docs/decisions/0027-erased-in-place.md``). Then its place keeps what
others need of it, and all of it lies here.
"""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from queqiao.kernel.errors import Broken, Message

NAME = "apart.sqlite"
_TABLE = "CREATE TABLE IF NOT EXISTS frame (position INTEGER PRIMARY KEY, payload BLOB NOT NULL)"


class Apart:
    """The file beside one log, made when the first frame is put into it. One thread's at a time."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._file: sqlite3.Connection | None = None

    def _opened(self) -> sqlite3.Connection:
        if self._file is None:
            file = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
            # What is replaced is overwritten, and no journal keeps it.
            file.execute("PRAGMA secure_delete = ON")
            file.execute("PRAGMA journal_mode = DELETE")
            file.execute("PRAGMA synchronous = FULL")
            self._file = file
        return self._file

    def write(self, frames: Sequence[tuple[int, bytes]]) -> None:
        """Put payloads here, durably, all or none. Raises sqlite3.Error."""
        file = self._opened()
        file.execute(_TABLE)
        file.execute("BEGIN IMMEDIATE")
        try:
            file.executemany("INSERT OR REPLACE INTO frame VALUES (?, ?)", frames)
            file.execute("COMMIT")
        except sqlite3.Error:
            if file.in_transaction:
                file.execute("ROLLBACK")
            raise

    def read(self, position: int) -> bytes:
        """Return the payload of the frame at a position. Raises Broken when it is not there."""
        try:
            row = self._found(position) if self._path.exists() else None
        except sqlite3.Error as error:
            raise _unreadable(position) from error
        if row is None:
            raise _unreadable(position)
        payload: bytes = row[0]
        return payload

    def _found(self, position: int) -> tuple[bytes] | None:
        sql = "SELECT payload FROM frame WHERE position = ?"
        found: tuple[bytes] | None = self._opened().execute(sql, (position,)).fetchone()
        return found

    def copy_to(self, folder: Path) -> None:
        """Copy the file, where there is one, as of one moment. Raises sqlite3.Error."""
        if self._path.exists():
            fresh = sqlite3.connect(folder / NAME)
            try:
                self._opened().backup(fresh)
            finally:
                fresh.close()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _unreadable(position: int) -> Broken:
    return Broken(
        Message(
            f"{NAME} 中读不到位置 {position} 处的帧，请从备份恢复",
            f"the log's frame at position {position} cannot be read from {NAME}; restore it from a"
            " backup",
        )
    )
