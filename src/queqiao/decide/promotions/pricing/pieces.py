"""Pieces: runs of equal units of a line, and shares of them that a benefit works on.

A line is one piece until a benefit treats some of its units differently. Units of a piece cost the
same, but for the minor unit that its total does not divide into.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from msgspec import Struct

from queqiao.decide.promotions.documents.profile import Layer


class Piece(Struct, frozen=True, gc=False):
    """``quantity`` units of a line that cost ``cost`` in all.

    ``taken``: the last layer in which they took part in a promotion that takes units.
    """

    quantity: int
    cost: int
    taken: Layer | None = None


class Share(Struct, frozen=True, gc=False):
    """``count`` units of a piece, by the places of the line and of the piece in the line.

    ``cost``: what they still cost in all; ``basis``: what discounts on them are reckoned on.
    """

    line: int
    piece: int
    count: int
    cost: int
    basis: int

    def part(self, count: int) -> "Share":
        """Return some of the units of a share whose units all cost the same."""
        return Share(
            self.line,
            self.piece,
            count,
            self.cost // self.count * count,
            self.basis // self.count * count,
        )


class Group(NamedTuple):
    """``amount`` off these units together, spread in proportion to their basis.

    What some of them may not give, the others of the group may. With ``amount`` 0 they only took
    part.
    """

    amount: int
    shares: Sequence[Share]


def equal_units(shares: Iterable[Share]) -> Iterator[Share]:
    """Yield the shares, each whose units differ by a minor unit as two: the cheaper and others."""
    for share in shares:
        unit, dearer = divmod(share.cost, share.count)
        if not dearer:
            yield share
            continue
        cheaper = share.count - dearer
        reads_cost = share.basis == share.cost
        for count, each in ((cheaper, unit), (dearer, unit + 1)):
            basis = each if reads_cost else share.basis // share.count
            yield Share(share.line, share.piece, count, each * count, basis * count)


def arranged(shares: Iterable[Share], *, dearest_first: bool) -> list[Share]:
    """Return shares of equal units in the order of a unit's basis; equal ones as they stood."""
    runs = list(equal_units(shares))
    return sorted(runs, key=lambda run: run.basis // run.count, reverse=dearest_first)


def first_units(runs: Iterable[Share], count: int) -> Iterator[Share]:
    """Yield the first ``count`` units of the runs, fewer where there are not as many."""
    for run in runs:
        if count <= 0:
            return
        yield run if run.count <= count else run.part(count)
        count -= run.count


def by_line(shares: Iterable[Share]) -> Iterator[list[Share]]:
    """Yield the shares of each line together, in the order of the lines."""
    lines: dict[int, list[Share]] = {}
    for share in shares:
        lines.setdefault(share.line, []).append(share)
    yield from lines.values()


def split(
    pieces: Sequence[Piece], shares: Sequence[tuple[Share, int]], layer: Layer | None
) -> list[Piece]:
    """Return the pieces of a line after ``shares`` of them gave their amounts.

    With ``layer``, the shares took part in a promotion of it that takes units.
    """
    after: list[Piece] = []
    for place, piece in enumerate(pieces):
        quantity, cost = piece.quantity, piece.cost
        for share, amount in shares:
            if share.piece == place:
                after.append(Piece(share.count, share.cost - amount, layer or piece.taken))
                quantity -= share.count
                cost -= share.cost
        if quantity:
            after.append(Piece(quantity, cost, piece.taken))
    return after
