"""SQLite's write-ahead log, turned on for a file that others may be opening at the same moment."""

import sqlite3
import time

LONGEST_WAIT_S = 5.0
_PAUSE_S = 0.005


def write_ahead(file: sqlite3.Connection) -> None:
    """Turn the write-ahead log on; a file that has it keeps it.

    Only the first opening of a new file changes the mode, and SQLite refuses whoever would change
    it beside another at once, whatever the connection's ``timeout``, since two that wait for each
    other would never end ("database is locked"). So who is refused asks again.

    Raises ``sqlite3.OperationalError`` when the file stays locked for ``LONGEST_WAIT_S``.
    """
    ends = time.monotonic() + LONGEST_WAIT_S
    while True:
        try:
            file.execute("PRAGMA journal_mode = WAL").fetchone()
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > ends:
                raise
        time.sleep(_PAUSE_S)
