"""What makes a strategy for a campaign's next day, and learns from the day that was."""

from typing import Protocol, Self

from queqiao.decide.ads.bidding.contracts import History, Strategy


class Learner(Protocol):
    """What is known of a campaign. Immutable: a day makes another one of it."""

    def strategy(self, auctions: int, budget: float) -> Strategy:
        """Return what bids through that many auctions, one a tick, with that much money."""
        ...

    def after(self, history: History) -> Self:
        """Return what is known when a day has passed. It uses only what a bidder may see."""
        ...
