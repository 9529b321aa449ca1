"""Two arms compared: the difference of means or shares with an interval, from sums alone.

Nothing here knows of promotions. Sums are exact integers, so that no order of adding changes a
digit; arms are independent samples of customers.
"""

from math import ceil, isfinite, sqrt
from typing import NamedTuple

from msgspec import Struct

from queqiao.measure.inference.distributions import (
    normal_quantile,
    normal_tails,
    student_quantile,
)

LEVEL = 0.95
POWER = 0.8
"""Of finding a difference that is there, when a size is asked for."""


class Sample(Struct, frozen=True):
    """One arm by its sums: how many customers, Σx and Σx² of the number of each."""

    count: int
    total: int
    squares: int

    @property
    def mean(self) -> float:
        """The mean; 0 of nobody."""
        return self.total / self.count if self.count else 0.0

    @property
    def variance(self) -> float:
        """The unbiased variance, from integers: nothing cancels. 0 of fewer than two."""
        if self.count < 2:
            return 0.0
        return (self.count * self.squares - self.total**2) / (self.count * (self.count - 1))

    @property
    def error(self) -> float:
        """The variance of the mean."""
        return self.variance / self.count if self.count else 0.0


def share(count: int, of: int) -> Sample:
    """Return the sample of a yes or no."""
    return Sample(of, count, count)


class Range(NamedTuple):
    """An estimate and the ends of its interval; None is an end that is open."""

    value: float
    low: float | None
    high: float | None

    def times(self, factor: float) -> "Range":
        """Return the range of the estimate times a number that is not negative."""
        ends = [None if end is None else end * factor for end in (self.low, self.high)]
        return Range(self.value * factor, *ends)


def welch(one: Sample, other: Sample, level: float = LEVEL) -> Range | None:
    """Return the difference of means, one - other, without assuming equal variances.

    Welch (1947), "The generalization of Student's problem when several different population
    variances are involved"; degrees of freedom after Satterthwaite (1946). None with fewer than two
    in an arm.
    """
    if min(one.count, other.count) < 2:
        return None
    value, error = one.mean - other.mean, one.error + other.error
    half = student_quantile((1 + level) / 2, _freedom(one, other)) * sqrt(error)
    return Range(value, value - half, value + half)


def _freedom(one: Sample, other: Sample) -> float:
    error = one.error + other.error
    parts = sum(part.error**2 / (part.count - 1) for part in (one, other))
    return error**2 / parts if parts else float(one.count + other.count - 2)


def newcombe(one: Sample, other: Sample, level: float = LEVEL) -> Range | None:
    """Return the difference of two shares, one - other, by the hybrid score interval.

    Newcombe (1998), "Interval estimation for the difference between independent proportions",
    method 10: from Wilson's limits of each share, so that it holds near 0 and 1 too. None with
    nobody in an arm.
    """
    if not one.count or not other.count:
        return None
    p, q = one.mean, other.mean
    (low, high), (other_low, other_high) = wilson(one, level), wilson(other, level)
    below = sqrt((p - low) ** 2 + (other_high - q) ** 2)
    above = sqrt((high - p) ** 2 + (q - other_low) ** 2)
    return Range(p - q, p - q - below, p - q + above)


def wilson(sample: Sample, level: float = LEVEL) -> tuple[float, float]:
    """Return the ends of Wilson's score interval of a share (Wilson 1927)."""
    n, p, z = sample.count, sample.mean, normal_quantile((1 + level) / 2)
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, min(p, middle - half)), min(1.0, max(p, middle + half))


def relative(one: Sample, other: Sample, level: float = LEVEL) -> Range | None:
    """Return by how much the mean of one exceeds that of the other, as a share of the other's.

    The interval of a ratio of independent means is Fieller's (1954), "Some problems in interval
    estimation"; where the other mean cannot be told from 0 no end is known. None where it is not
    above 0, or with fewer than two in an arm.
    """
    if min(one.count, other.count) < 2 or other.mean <= 0:
        return None
    ratio = one.mean / other.mean
    t = student_quantile((1 + level) / 2, _freedom(one, other))
    g = t * t * other.error / other.mean**2
    if g >= 1:
        return Range(ratio - 1, None, None)
    inner = one.error + ratio * ratio * other.error - g * one.error
    half = t / other.mean * sqrt(max(inner, 0.0))
    return Range(ratio - 1, (ratio - half) / (1 - g) - 1, (ratio + half) / (1 - g) - 1)


def customers_needed(one: Sample, other: Sample, difference: float) -> int | None:
    """Return how many customers both arms need together to find so large a difference of means.

    With a power of ``POWER`` at the two-sided ``LEVEL``, arms growing in today's ratio:
    N = (z₁ + z₂)² (s₁²/r₁ + s₀²/r₀) / δ² (Chow, Shao and Wang, "Sample size calculations in
    clinical research", 3.2). None where nothing can be said of it yet.
    """
    whole = one.count + other.count
    if min(one.count, other.count) < 2 or difference <= 0:
        return None
    z = normal_quantile((1 + LEVEL) / 2) + normal_quantile(POWER)
    spread = (one.error + other.error) * whole
    found = z * z * spread / difference**2
    return ceil(found) if isfinite(found) else None


def ratio_p_value(held: int, whole: int, expected: float) -> float | None:
    """Return the chance of a share of an arm at least this far from what was drawn for.

    Pearson's chi-squared test of one degree of freedom, which for two arms is the square of a
    standard normal value; as a check for sample ratio mismatch: Fabijan and others (2019),
    "Diagnosing sample ratio mismatch in online controlled experiments". None where an arm is
    expected to hold fewer than five, too few for the approximation.
    """
    if min(whole * expected, whole * (1 - expected)) < 5:
        return None
    spread = whole * expected * (1 - expected)
    return normal_tails((held - whole * expected) / sqrt(spread))
