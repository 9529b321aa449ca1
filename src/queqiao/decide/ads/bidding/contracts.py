"""What a bidding strategy sees and answers: the same for simulators and for the live bidder.

A strategy is immutable. All that it knows of a campaign is in the arguments of the call, so one
object serves any number of campaigns, and the same arguments give the same bids. Amounts are in
one unit of the currency throughout a campaign (minor units in the live bidder); they are floats
here, because they are bids on expectations: what is charged is counted in integers elsewhere.
"""

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Values:
    """The impressions of one tick, as the models see them before the auction.

    ``expected`` is what each is expected to bring: conversions, clicks, or money. ``deviation`` is
    the standard deviation of that prediction, in the same unit; zeros where it is not known.
    """

    expected: Floats
    deviation: Floats

    @classmethod
    def certain(cls, expected: Floats) -> "Values":
        """Return values whose uncertainty is not known."""
        return cls(expected, np.zeros_like(expected))

    def __len__(self) -> int:
        return len(self.expected)


@dataclass(frozen=True)
class Outcome:
    """What came of one past tick, row by row of its ``values``.

    ``bids`` are those made, ``won`` where they won, ``costs`` what was paid (zero where lost),
    ``gained`` what a win brought (conversions, clicks, money; zero where lost). ``market`` is the
    least winning cost where it is known, else NaN: exchanges that do not tell it to losers leave
    NaN there.
    """

    values: Values
    bids: Floats
    won: NDArray[np.bool_]
    costs: Floats
    gained: Floats
    market: Floats
    cache: dict[Hashable, Any] = field(default_factory=dict, repr=False, compare=False)
    """What a strategy derived from this outcome, by its name: derived once, never part of it."""

    def derived(self, name: Hashable, make: Callable[[], Any]) -> Any:
        """Return what ``make`` makes of this outcome, made once and kept under ``name``.

        What else it is made from must be part of the name.
        """
        if name not in self.cache:
            self.cache[name] = make()
        return self.cache[name]

    @property
    def cost(self) -> float:
        """What the tick cost."""
        return float(self.costs.sum())

    @property
    def gain(self) -> float:
        """What the tick brought."""
        return float(self.gained.sum())


@dataclass(frozen=True)
class History:
    """What happened to a campaign so far today: the ticks until now, without a gap.

    It begins later than the day where the campaign did.
    """

    outcomes: tuple[Outcome, ...] = ()

    def after(self, outcome: Outcome) -> "History":
        """Return the history with one more tick."""
        return History((*self.outcomes, outcome))

    def __iter__(self) -> Iterator[Outcome]:
        return iter(self.outcomes)

    def __len__(self) -> int:
        return len(self.outcomes)


@dataclass(frozen=True)
class Budget:
    """What a campaign may spend today, and what of it is left now."""

    total: float
    left: float

    @property
    def spent(self) -> float:
        """What is spent of it."""
        return self.total - self.left


@dataclass(frozen=True)
class Target:
    """The most that a unit of value may cost on the average of the day; None: no such bound."""

    cost_per_value: float | None = None

    @classmethod
    def cpa(cls, cost_per_conversion: float) -> "Target":
        """Return the target of tCPA, where values are conversions."""
        return cls(cost_per_conversion)

    @classmethod
    def roas(cls, return_on_spend: float) -> "Target":
        """Return the target of tROAS, where values are money: 4.0 is four earned for one spent."""
        return cls(1 / return_on_spend)


class Strategy(Protocol):
    """A way to bid."""

    def bids(
        self, tick: int, values: Values, history: History, budget: Budget, target: Target
    ) -> Floats:
        """Return the bid for each impression of the tick, in the order of ``values``; 0 is none.

        ``tick`` counts from 0 within the day. Never raises for values that are finite and not
        negative; a bid is finite, not negative, and at most what is left of the budget.
        """
        ...
