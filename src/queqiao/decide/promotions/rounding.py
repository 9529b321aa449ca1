"""Rounding of a quotient of non-negative integers to an integer, in each way of the trade."""

from collections.abc import Callable

from queqiao.decide.promotions.documents.profile import Rounding

Divide = Callable[[int, int], int]
"""Divides a non-negative numerator by a positive denominator and returns an integer."""


def half_up(numerator: int, denominator: int) -> int:
    """Round to the nearest; a half goes up."""
    return (2 * numerator + denominator) // (2 * denominator)


def half_down(numerator: int, denominator: int) -> int:
    """Round to the nearest; a half goes down."""
    return -((denominator - 2 * numerator) // (2 * denominator))


def half_even(numerator: int, denominator: int) -> int:
    """Round to the nearest; a half goes to the even neighbour."""
    whole, rest = divmod(numerator, denominator)
    return whole + (2 * rest > denominator or (2 * rest == denominator and whole & 1))


def down(numerator: int, denominator: int) -> int:
    """Cut what does not fill a whole."""
    return numerator // denominator


def up(numerator: int, denominator: int) -> int:
    """Fill up to the next whole."""
    return -(-numerator // denominator)


class Carrying:
    """Rounds nothing away: the fraction that does not fit is added to the next division."""

    def __init__(self) -> None:
        self._numerator, self._denominator = 0, 1

    def __call__(self, numerator: int, denominator: int) -> int:
        """Return the whole part of the quotient plus what earlier divisions left over."""
        total = numerator * self._denominator + self._numerator * denominator
        self._denominator *= denominator
        whole, self._numerator = divmod(total, self._denominator)
        return whole


_WAYS: dict[Rounding, Divide] = {
    "half_up": half_up,
    "half_down": half_down,
    "half_even": half_even,
    "down": down,
    "up": up,
}


def divider(rounding: Rounding) -> Divide:
    """Return the division to use for one calculation; ``none`` has a state of its own each time."""
    return Carrying() if rounding == "none" else _WAYS[rounding]


def times(divide: Divide, numerator: int, denominator: int, count: int) -> int:
    """Return ``count`` times a quotient rounded by itself; where nothing is rounded, of the sum."""
    if isinstance(divide, Carrying):
        return divide(numerator * count, denominator)
    return divide(numerator, denominator) * count
