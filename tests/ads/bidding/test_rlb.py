"""The peer is the paper's equation, and bids by it."""

import numpy as np
import pytest

from queqiao.decide.ads.bidding.contracts import Budget, History, Target, Values
from queqiao.decide.ads.bidding.rlb import Rlb, solve

SHARES = np.array([0.0, 0.2, 0.0, 0.5, 0.1, 0.2])
MEAN = 0.3


def by_the_paper(auctions: int, budget: int) -> np.ndarray:
    """Return V as the paper writes it: the best of all bids."""
    worth = np.zeros((auctions + 1, budget + 1))
    for t in range(1, auctions + 1):
        for b in range(budget + 1):
            worth[t, b] = max(
                sum(SHARES[d] * (MEAN + worth[t - 1, b - d]) for d in range(a + 1))
                + SHARES[a + 1 :].sum() * worth[t - 1, b]
                for a in range(min(b, 5) + 1)
            )
    return worth


def test_the_recursion_is_the_papers() -> None:
    assert solve(12, 20, SHARES, MEAN) == pytest.approx(by_the_paper(12, 20))


def test_the_bid_is_the_highest_price_that_pays() -> None:
    worth = solve(12, 20, SHARES, MEAN)
    rlb = Rlb(worth, 5)
    for tick, left, value in ((0, 20, 0.3), (4, 9, 0.05), (11, 3, 0.1), (0, 20, 0.0)):
        values = Values.certain(np.array([value]))
        bid = int(rlb.bids(tick, values, History(), Budget(20, left), Target())[0])
        row = worth[11 - tick]
        pays = [d for d in range(min(5, left) + 1) if value + row[left - d] >= row[left]]
        assert bid == max(pays)
