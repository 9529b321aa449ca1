"""A copy of the embedded ledger while its writer goes on: its books as of one moment."""

import shutil
from contextlib import suppress
from pathlib import Path

from queqiao.kernel.errors import Message, Unavailable
from queqiao.ports.journal import copy_journal
from queqiao.ports.journal.reader import segment_bases
from queqiao.ports.ledger import snapshot
from queqiao.ports.ledger.state import LedgerState

TRIES = 10


def copy_ledger(source: Path, target: Path) -> None:
    """Copy a ledger to a new folder. From any process.

    A snapshot that is written meanwhile lets segments go that the one before needs; then it begins
    again. Raises Unavailable when that happens again and again.
    """
    for _ in range(TRIES):
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        with suppress(FileNotFoundError):
            shutil.copyfile(source / snapshot.SNAPSHOT_NAME, target / snapshot.SNAPSHOT_NAME)
        with suppress(FileNotFoundError):
            copy_journal(source / snapshot.JOURNAL_NAME, target / snapshot.JOURNAL_NAME)
            if _goes_on(target):
                return
    raise Unavailable(_BUSY)


def _goes_on(folder: Path) -> bool:
    """Say whether the journal holds all that follows the snapshot."""
    start = snapshot.load(folder, LedgerState())
    first = next(iter(segment_bases(folder / snapshot.JOURNAL_NAME)), 0)
    return first <= start


_BUSY = Message(
    "账本一直在压缩，请稍后再备份", "the ledger is being compacted all the time; try again later"
)
