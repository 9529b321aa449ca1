"""Quantiles and tails of the distributions that intervals need, to about twelve digits."""

from functools import lru_cache
from math import erfc, exp, inf, lgamma, log, log1p, sqrt
from statistics import NormalDist

_NORMAL = NormalDist()
_LARGE = 1e7
"""Degrees of freedom beyond which Student's distribution is the normal one to eight digits."""
_TINY = 1e-300
_PRECISE = 1e-15
_STEPS_MAX = 10_000


def normal_quantile(probability: float) -> float:
    """Return z of which the standard normal distribution lies below with that probability."""
    return _NORMAL.inv_cdf(probability)


def normal_tails(z: float) -> float:
    """Return the probability of a standard normal value at least as far from 0 as ``z``."""
    return erfc(abs(z) / sqrt(2))


def student_cdf(t: float, freedom: float) -> float:
    """Return the probability of a value of Student's distribution up to ``t``.

    By the regularized incomplete beta function (Abramowitz and Stegun 26.7.1; DLMF 8.17): of the
    middle where ``t`` is small, of the tail where it is large, since either is exact only there.
    """
    if t * t < freedom:
        middle = incomplete_beta(t * t / (freedom + t * t), 0.5, freedom / 2) / 2
        return 0.5 + middle if t > 0 else 0.5 - middle
    tail = incomplete_beta(freedom / (freedom + t * t), freedom / 2, 0.5) / 2
    return 1 - tail if t > 0 else tail


@lru_cache(maxsize=1_000)
def student_quantile(probability: float, freedom: float) -> float:
    """Return t of which Student's distribution lies below with that probability, 0.5 to 1.

    By bisection: the tail of the smallest freedoms is too heavy for Newton's steps.
    """
    if freedom >= _LARGE:
        return normal_quantile(probability)
    low, high = 0.0, 2.0
    while student_cdf(high, freedom) < probability:
        low, high = high, 2 * high
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if student_cdf(middle, freedom) < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def incomplete_beta(x: float, a: float, b: float) -> float:
    """Return I_x(a, b), the regularized incomplete beta function (DLMF 8.17.22, by Lentz)."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - incomplete_beta(1 - x, b, a)
    front = lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)
    return exp(front) / a * _fraction(x, a, b)


def _fraction(x: float, a: float, b: float) -> float:
    """Return the continued fraction, evaluated forwards by the modified algorithm of Lentz."""
    ahead = 1.0
    behind = 1 / _away_from_0(1 - (a + b) * x / (a + 1))
    value = behind
    for step in range(1, _STEPS_MAX):
        even = step * (b - step) * x / ((a + 2 * step - 1) * (a + 2 * step))
        odd = -(a + step) * (a + b + step) * x / ((a + 2 * step) * (a + 2 * step + 1))
        change = inf
        for term in (even, odd):
            behind = 1 / _away_from_0(1 + term * behind)
            ahead = _away_from_0(1 + term / ahead)
            change = ahead * behind
            value *= change
        if abs(change - 1) < _PRECISE:
            break
    return value


def _away_from_0(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
