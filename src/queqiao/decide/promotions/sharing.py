"""Spreading a discount over lines and units, to the last minor unit and within their room."""

from collections.abc import Sequence
from typing import Literal

Remainder = Literal["first", "last", "largest_fraction"]


def spread(amount: int, weights: Sequence[int], remainder: Remainder) -> list[int]:
    """Split ``amount`` in proportion to ``weights``, as ``kernel.money.spread`` does.

    The same law, written for the hot path: ``amount`` is not negative and the weights do not sum
    to 0. While ``amount`` is at most their sum, no part is above its weight.
    """
    if len(weights) == 1:
        return [amount]
    return spread_of(amount, weights, sum(weights), remainder)


def spread_of(amount: int, weights: Sequence[int], total: int, remainder: Remainder) -> list[int]:
    """Do the same with the sum of the weights at hand."""
    parts = [amount * weight // total for weight in weights]
    left = amount - sum(parts)
    if not left:
        return parts
    if remainder == "largest_fraction":
        rests = [amount * weight % total for weight in weights]
        takers = sorted(range(len(rests)), key=rests.__getitem__, reverse=True)
    else:
        takers = [index for index, weight in enumerate(weights) if weight]
        if remainder == "last":
            takers.reverse()
    for index in takers[:left]:
        parts[index] += 1
    return parts


def spread_within(
    amount: int, weights: Sequence[int], rooms: Sequence[int], remainder: Remainder
) -> list[int]:
    """Split ``amount``, at most the sum of ``rooms``; no part is above its room.

    What a full part cannot take goes to the others in proportion to their weights. A part with
    room has a weight.
    """
    parts = [
        min(room, part)
        for part, room in zip(spread(amount, weights, remainder), rooms, strict=True)
    ]
    left = amount - sum(parts)
    while left:
        masked = [
            w if part < room else 0 for w, part, room in zip(weights, parts, rooms, strict=True)
        ]
        more = spread(left, masked, remainder)
        parts = [min(p + m, room) for p, m, room in zip(parts, more, rooms, strict=True)]
        left = amount - sum(parts)
    return parts


def unit_discounts(discount: int, quantity: int) -> tuple[int, int, int]:
    """Return how a line's discount lies on its equal units: lower, higher, units with higher.

    Units differ by at most one minor unit.
    """
    lower, higher_count = divmod(discount, quantity)
    return lower, lower + 1, higher_count
