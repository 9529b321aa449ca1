"""How much money is worth keeping for later: the shadow price of a budget, daypart by daypart.

A stochastic dynamic program, backwards from the end of the day. Let ``V(B)`` be the value that a
budget ``B`` is expected to bring from some daypart on. The level of values is revealed when the
daypart begins, so for each level ``j`` the multiplier ``m`` there solves

    spend_j(m) + keep(m) = B,   where keep(m) is the budget at which V'_later = 1 / m,

for at the optimum the last money spent now brings as much as the last money kept. The envelope
theorem gives ``V'(B)``, the mean of ``1 / m_j(B)`` over the levels. Only these derivatives are
needed, and each is one interpolation (Bertsekas, Dynamic Programming and Optimal Control, volume
I, section 1.4, on the concave problem; the multiplier is the dual variable of the budget).
"""

from collections.abc import Iterable

import numpy as np

from queqiao.decide.ads.bidding.contracts import Floats


def kept(multipliers: Floats, dayparts: Iterable[Floats]) -> Floats:
    """Return the budget to keep, at each multiplier, for the dayparts that are to come.

    ``multipliers`` rise. ``dayparts`` are in order of time; each has a row for
    every equally likely level of values: what each multiplier would spend.
    """
    keep = np.zeros_like(multipliers)
    for levels in reversed(list(dayparts)):
        keep = _before(multipliers, levels, keep)
    return keep


def _before(multipliers: Floats, levels: Floats, keep: Floats) -> Floats:
    """Return what to keep before a daypart, given what to keep after it."""
    spends = levels + keep
    budgets = np.union1d(spends.mean(axis=0), spends[:, -1])
    marginal = np.zeros_like(budgets)
    for spend in spends:
        marginal += np.interp(budgets, spend, 1 / multipliers, right=0.0)
    marginal /= len(spends)
    before: Floats = np.interp(1 / multipliers, marginal[::-1], budgets[::-1])
    return before
