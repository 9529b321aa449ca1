"""The proof of the books: add up every entry on disk again and compare with what memory says."""

from collections.abc import Iterable
from pathlib import Path

from queqiao.kernel.errors import QueqiaoError
from queqiao.ports.journal.reader import JournalReader
from queqiao.ports.ledger import snapshot
from queqiao.ports.ledger.base import Proof
from queqiao.ports.ledger.books import Book, opening
from queqiao.ports.ledger.rows import decode, entries
from queqiao.ports.ledger.snapshot import Copy, Counter
from queqiao.ports.ledger.state import LedgerState
from queqiao.ports.ledger.steps import Holding, Step


def replay(state: LedgerState, payload: bytes) -> int:
    """Do what a frame of the journal says; return how many transfers that were."""
    done = decode(payload)
    if isinstance(done, Step):
        state.apply(done)
        return len(done.transfers)
    state.latest_us = max(state.latest_us, done.at_us)
    count = 0
    for row in done.rows:
        count += entries(state.books, row)
        state.apply_row(row)
    return count


def recompute(folder: Path, journal_folder: Path, position: int) -> tuple[LedgerState, int]:
    """Return the state as the disk tells it up to a position, and how many entries that took."""
    state = LedgerState()
    start = snapshot.load(folder, state)
    count = len(state.books)
    reader = JournalReader(journal_folder)
    try:
        for frame in reader.read(start):
            if frame.position >= position:
                break
            count += replay(state, frame.payload)
    finally:
        reader.close()
    return state, count


def prove(folder: Path, journal_folder: Path, frozen: Copy, position: int) -> Proof:
    """Return what comparing memory, as frozen at ``position``, with the entries on disk finds."""
    try:
        state, count = recompute(folder, journal_folder, position)
    except QueqiaoError as error:
        return Proof(False, len(frozen.standings), 0, 0, 0, [error.explain("en")])
    open_now = _leases(frozen.holdings)
    faults = list(_faults(frozen.counters(), list(opening(state.books.copy())), open_now))
    return Proof(
        balanced=not faults,
        counters=len(frozen.standings),
        reservations_open=sum(held.state == "open" for _, held in frozen.holdings),
        entries=count,
        sum_over_books=sum(sum(books) for _, _, books in opening(state.books.copy())),
        faults=faults,
    )


def _leases(holdings: Iterable[tuple[str, Holding]]) -> dict[str, int]:
    leased: dict[str, int] = {}
    for _, held in holdings:
        if held.state == "open":
            for counter, amount in held.asked.items():
                leased[counter] = leased.get(counter, 0) + amount
    return leased


def _faults(memory: list[Counter], disk: list[Counter], leased: dict[str, int]) -> Iterable[str]:
    on_disk = {name: books for name, _, books in disk}
    for name in on_disk.keys() - {name for name, _, _ in memory}:
        yield f"{name}: on disk, not in memory"
    for name, _, books in memory:
        if on_disk.get(name) != books:
            yield f"{name}: memory says {books}, the entries say {on_disk.get(name)}"
        if sum(books) != 0 or min(books[1:]) < 0:
            yield f"{name}: the books {books} do not balance"
        if books[Book.LEASED] != leased.get(name, 0):
            yield f"{name}: {books[Book.LEASED]} leased, {leased.get(name, 0)} in open reservations"
