"""Steps of a promotion that may not hold units for nothing.

One that gives nothing takes no part (a till takes nothing for it), so its units are free, and the
rules of others read them. Each state is split in three: no unit taken; units taken, nothing given
yet; something given. It may not end in the second.
"""

import numpy as np

from queqiao.decide.promotions.combination.step_tables import IMPOSSIBLE, Table, Tables

UNTOUCHED, EMPTY, GIVEN = range(3)


def giving(found: Tables, gains: Table, never: int) -> tuple[Tables, Table]:
    """Return the steps and their gains (runs, M, S) on split states.

    Each step comes twice, once where it gives and nothing was given before: so where it leads
    does not depend on the run. ``never``: the gain of a step that cannot be made.
    """
    idle = found.units == 0
    first = ~idle
    after = np.concatenate([_after(found, idle), _to_given(found)[first]])
    units = np.concatenate([found.units, found.units[first]])
    completes, masks = (
        np.concatenate([np.tile(table, 3), np.tile(table[first], 3)])
        for table in (found.completes, found.masks)
    )
    roles = np.concatenate(
        [np.tile(found.roles, (1, 3, 1)), np.tile(found.roles[first], (1, 3, 1))]
    )
    split = Tables(
        units, after, roles, completes, masks, _split(found.leave), _split(found.lower),
        np.concatenate([found.ends, np.zeros_like(found.ends), found.ends]),
    )  # fmt: skip
    return split, _gains(gains, idle, never)


def _after(found: Tables, idle: Table) -> Table:
    """Return where steps lead that give nothing, or something after something was given."""
    states = found.states
    touched = np.where(idle[:, None], UNTOUCHED, EMPTY) * states + found.after
    columns = [touched, EMPTY * states + found.after, GIVEN * states + found.after]
    return np.where(np.tile(found.after == IMPOSSIBLE, 3), IMPOSSIBLE, np.hstack(columns))


def _to_given(found: Tables) -> Table:
    """Return where steps lead that are the first to give something."""
    after = np.where(found.after == IMPOSSIBLE, IMPOSSIBLE, GIVEN * found.states + found.after)
    return np.hstack([after, after, np.full_like(after, IMPOSSIBLE)])


def _split(after: Table) -> Table:
    columns = [kind * len(after) + after for kind in (UNTOUCHED, EMPTY, GIVEN)]
    return np.where(np.tile(after == IMPOSSIBLE, 3), IMPOSSIBLE, np.concatenate(columns))


def _gains(gains: Table, idle: Table, never: int) -> Table:
    nothing = np.where(gains > 0, never, gains)
    something = np.where(gains > 0, gains, never)
    again = np.concatenate([nothing, nothing, gains], axis=2)
    first = np.concatenate([something, something, np.full_like(gains, never)], axis=2)
    return np.concatenate([again, first[:, ~idle]], axis=1)
