"""What an impression is worth, given its prediction and its price, learned from what was won.

    logit P(click) = level + shape · log lift + price_power · log(price ÷ typical)

``lift`` is the prediction divided by its usual mean. Two things are mended by it. Predictions are
spread too widely or too little (``shape``). And what nobody else wants is worth less than its
prediction says (``price_power``): bidders who know more than we do set the price, which is the
winner's curse of auctions with common values (Milgrom and Weber, Econometrica 1982).
"""

from dataclasses import dataclass, field

import numpy as np

from queqiao.decide.ads.bidding.contracts import Floats

ROUNDS = 12
SHAPE = (0.2, 3.0)
PRICE_POWER = (-0.3, 0.8)
"""Bounds of what is learned. A price power of 1 would pay any price for anything."""


@dataclass(frozen=True)
class Worth:
    """The relative worth of impressions; only its ratios matter."""

    shape: float = 1.0
    price_power: float = 0.25

    def of_lift(self, log_lifts: Floats) -> Floats:
        """Return the part that the prediction tells."""
        return np.exp(self.shape * log_lifts)

    def of_price(self, prices: Floats, typical: float) -> Floats:
        """Return the part that the price tells; prices below 1 count as 1."""
        return np.asarray((np.maximum(prices, 1.0) / typical) ** self.price_power)


@dataclass(frozen=True)
class Wins:
    """What was won so far: logarithms of lift and of price ÷ typical, and what each brought."""

    lifts: Floats = field(default_factory=lambda: np.empty(0))
    prices: Floats = field(default_factory=lambda: np.empty(0))
    gains: Floats = field(default_factory=lambda: np.empty(0))

    def after(self, lifts: Floats, prices: Floats, gains: Floats, most: int) -> "Wins":
        """Return the wins with more of them; of all, the last ``most``."""
        pairs = ((self.lifts, lifts), (self.prices, prices), (self.gains, gains))
        return Wins(*(np.concatenate(pair)[-most:] for pair in pairs))


@dataclass(frozen=True)
class Prior:
    """What is believed before anything is won, and how firmly (standard deviations)."""

    worth: Worth = field(default_factory=Worth)
    shape_deviation: float = 0.3
    price_power_deviation: float = 0.2


def learned(wins: Wins, prior: Prior) -> Worth:
    """Return the likeliest worth given wins and the prior. Without a gain it is the prior.

    It is a logistic regression by Newton's method; a gain above 1 counts as one.
    """
    if not wins.gains.sum():
        return prior.worth
    given = np.column_stack((np.ones_like(wins.lifts), wins.lifts, wins.prices))
    centre = np.array([0.0, prior.worth.shape, prior.worth.price_power])
    firmness = np.array([1e-4, prior.shape_deviation**-2, prior.price_power_deviation**-2])
    believed = centre.copy()
    gained = np.minimum(wins.gains, 1.0)
    believed[0] = np.log(gained.sum() / np.exp(given @ centre).sum())
    for _ in range(ROUNDS):
        rates = 1 / (1 + np.exp(-np.clip(given @ believed, -30.0, 30.0)))
        slope = given.T @ (gained - rates) - firmness * (believed - centre)
        curve = (given.T * (rates * (1 - rates))) @ given + np.diag(firmness)
        believed = believed + np.clip(np.linalg.solve(curve, slope), -1.0, 1.0)
    return Worth(float(np.clip(believed[1], *SHAPE)), float(np.clip(believed[2], *PRICE_POWER)))
