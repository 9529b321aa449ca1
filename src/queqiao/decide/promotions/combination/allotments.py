"""From the steps of a search back to units: which each promotion may use, group by group."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from queqiao.decide.promotions.combination.shapes import Chunks, Groups
from queqiao.decide.promotions.combination.takers import SCALE, Run, Taker
from queqiao.decide.promotions.pricing.till import Units

Unit = tuple[int, int]
"""One of the equal units of a line: the line, and what the unit costs."""


def pools_of(
    taker: Taker,
    place: int,
    steps: Sequence[Sequence[int]],
    runs: Sequence[Run],
    left: Sequence[int],
) -> list[Units]:
    """Return the units that a promotion takes: a pool for each group, or one for all.

    ``steps``: of all takers in each run; ``place``: which of them this one is. ``left``: how many
    units of each run stay out.
    """
    rows = _units_by_role(taker, place, steps, runs, left)
    shape = taker.terms.shape
    if isinstance(shape, Groups):
        groups = _groups(shape.places, rows, max(0, -taker.terms.bonus // SCALE))
    elif isinstance(shape, Chunks):
        size = shape.buy + shape.get
        order = {(run.line, run.cost): number for number, run in enumerate(runs)}
        together = sorted(rows[0] + rows[1], key=order.__getitem__)
        groups = [together[start : start + size] for start in range(0, len(together), size)]
    else:
        groups = [[unit for row in rows for unit in row]]
    return [Counter(group) for group in groups if group]


def _units_by_role(
    taker: Taker,
    place: int,
    steps: Sequence[Sequence[int]],
    runs: Sequence[Run],
    left: Sequence[int],
) -> list[list[Unit]]:
    tables = taker.tables
    rows: list[list[Unit]] = [[] for _ in range(tables.roles.shape[2])]
    state = 0
    for number, (run, of_run, stays_out) in enumerate(zip(runs, steps, left, strict=True)):
        if not taker.reaches[number]:
            continue
        step = of_run[place]
        for role, count in enumerate(tables.roles[step, state].tolist()):
            rows[role] += [(run.line, run.cost)] * count
        after, stays = taker.after[[step], [state]], np.array([stays_out > 0])
        state = int(taker.at_end(after, number, stays_out=stays)[0])
    return rows


def _groups(places: Sequence[int], rows: Sequence[list[Unit]], price: int) -> list[list[Unit]]:
    """Return the groups, each from the dearest units that are left.

    A group that costs less than its price is not made, so where one would, dear units and cheap
    ones are mixed: together they save the same.
    """
    groups = [
        [
            unit
            for row, size in zip(rows, places, strict=True)
            for unit in row[number * size : (number + 1) * size]
        ]
        for number in range(len(rows[0]) // places[0])
    ]
    if any(sum(cost for _, cost in group) < price for group in groups):
        return _mixed(places, rows, len(groups))
    return groups


def _mixed(places: Sequence[int], rows: Sequence[list[Unit]], count: int) -> list[list[Unit]]:
    """Return groups of like worth: each unit, dearest first, goes to the cheapest with a place."""
    groups: list[list[Unit]] = [[] for _ in range(count)]
    free = [list(places) for _ in range(count)]
    worth = [0] * count
    units = [(unit, role) for role, row in enumerate(rows) for unit in row]
    for unit, role in sorted(units, key=lambda pair: -pair[0][1]):
        number = min((n for n in range(count) if free[n][role]), key=worth.__getitem__)
        groups[number].append(unit)
        free[number][role] -= 1
        worth[number] += unit[1]
    return groups
