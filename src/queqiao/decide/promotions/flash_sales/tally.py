"""What a process answered: pieces reserved and refusals by reason, counted as it goes.

The ledger counts what is held and sold; how much was asked for in vain, and how much came back
because its time was over, only who answers can count. A count costs an addition; it is written to
the time series of metrics a moment later (``wiring/flash_tally.py``), as counters that only grow.
A process that is killed takes at most its last second with it.
"""

from collections.abc import Iterator
from typing import NamedTuple

RESERVED = "queqiao_flash_sale_reserved_pieces_total"
REFUSED = "queqiao_flash_sale_refusals_total"
COUNTED_MAX = 100_000
"""Counts that a process keeps. Beyond, those that were told longest ago begin again at 0."""


class Counted(NamedTuple):
    """One count: ``reason`` is empty for pieces that were reserved."""

    sale_id: str
    session_id: str
    reason: str

    @property
    def metric(self) -> str:
        """The name of its time series."""
        return REFUSED if self.reason else RESERVED


class Tally:
    """Counts the answers of one process."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str, str], int] = {}
        self._told: dict[tuple[str, str, str], int] = {}

    def reserved(self, sale_id: str, session_id: str, quantity: int) -> None:
        """Count pieces that a first request reserved; its retries count nothing."""
        counts, key = self._counts, (sale_id, session_id, "")
        counts[key] = counts.get(key, 0) + quantity

    def refused(self, sale_id: str, session_id: str, reason: str) -> None:
        """Count a refusal."""
        counts, key = self._counts, (sale_id, session_id, reason)
        counts[key] = counts.get(key, 0) + 1

    def untold(self) -> list[tuple[Counted, int]]:
        """Return the counts that grew since they were told, as they stand."""
        return list(self._grown())

    def _grown(self) -> Iterator[tuple[Counted, int]]:
        for key, count in self._counts.items():
            if count != self._told.get(key):
                yield Counted(*key), count

    def told(self, counts: list[tuple[Counted, int]]) -> None:
        """Note that these were written."""
        for key, count in counts:
            self._told.pop(key, None)
            self._told[key] = count
        while len(self._told) > COUNTED_MAX:
            oldest = next(iter(self._told))
            del self._told[oldest]
            self._counts.pop(oldest, None)
