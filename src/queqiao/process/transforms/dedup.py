"""Each id once: the first row to arrive goes through, what comes again does not."""

from collections.abc import Sequence
from typing import ClassVar

from queqiao.ports.compute.base import KeyedMachine, Row
from queqiao.ports.compute.plan import Columns


class Dedup(KeyedMachine[bool]):
    """Keyed by the id; run it in order of arrival. Remembers every id for ever, in memory."""

    name = "dedup"
    state = bool
    reads: ClassVar[Columns] = {"id": "text", "at": "time"}
    gives: ClassVar[Columns] = {"id": "text", "at": "time"}

    def see(self, key: str, state: bool | None, row: Row) -> tuple[bool, Sequence[Row]]:
        """Give the row through if its id is new."""
        del key
        return True, () if state else (row,)
