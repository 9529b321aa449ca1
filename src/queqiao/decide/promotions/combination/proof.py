"""What is known of how good an answer is."""

import msgspec


class Proof(msgspec.Struct, frozen=True):
    """``upper_bound``: no allowed combination discounts more. ``optimal``: this one reaches it."""

    optimal: bool
    upper_bound: int


class Effort:
    """How much work a search may still do. Work is counted, never timed: equal questions get
    equal answers on any machine.

    One unit is an offer taken at a till; a row of the allocation search is a small part of it.
    """

    __slots__ = ("left",)

    ROWS_A_UNIT = 64
    CELLS_A_UNIT = 1_024

    def __init__(self, units: int) -> None:
        self.left = units

    def spend(self, units: int) -> None:
        """Take note of work done."""
        self.left -= units

    def spend_rows(self, rows: int) -> None:
        """Take note of rows searched."""
        self.left -= 1 + rows // self.ROWS_A_UNIT

    def spend_cells(self, cells: int) -> None:
        """Take note of cells of arrays that are made."""
        self.left -= cells // self.CELLS_A_UNIT

    @property
    def rows(self) -> int:
        """Return how many rows may still be searched."""
        return max(0, self.left) * self.ROWS_A_UNIT

    @property
    def is_spent(self) -> bool:
        """Say whether the search has to end."""
        return self.left <= 0
