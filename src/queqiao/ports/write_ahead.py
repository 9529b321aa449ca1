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
    while not _is_on(file, last_try=time.monotonic() > ends):
        time.sleep(_PAUSE_S)


def _is_on(file: sqlite3.Connection, *, last_try: bool) -> bool:
    try:
        file.execute("PRAGMA journal_mode = WAL").fetchone()
    except sqlite3.OperationalError as error:
        if last_try or error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True
