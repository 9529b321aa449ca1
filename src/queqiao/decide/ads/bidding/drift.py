"""How today differs from a usual day, and how long that lasts."""

import numpy as np

from queqiao.decide.ads.bidding.contracts import Floats

RECENT = 0.4
"""What the tick before counts, as a share of the one after it."""
LASTING = 0.85
"""How much of what is special about this hour is left one tick later."""


def drift(differences: Floats, ahead: Floats, weight_ticks: float) -> Floats:
    """Return the difference that is to be expected so many ticks ``ahead`` of the last one.

    ``differences`` are those of the ticks so far (of logarithms; NaN where unknown). A part is the
    day's and stays: their mean, as far as the day is long against ``weight_ticks``. The rest is
    the hour's and fades.
    """
    seen = differences[np.isfinite(differences)]
    if not len(seen):
        return np.zeros_like(ahead)
    day = float(seen.sum() / (len(seen) + weight_ticks))
    weights = RECENT ** np.arange(len(seen) - 1, -1, -1)
    hour = float((weights * seen).sum() / weights.sum())
    return day + (hour - day) * LASTING**ahead
