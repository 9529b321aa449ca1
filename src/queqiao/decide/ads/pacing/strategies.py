"""Which strategy bids for a campaign: the same objects that the simulators run."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from queqiao.decide.ads.bidding.contracts import Strategy, Target
from queqiao.decide.ads.bidding.market import Market
from queqiao.decide.ads.bidding.predictive import Predictive
from queqiao.decide.ads.bidding.steady import Steady
from queqiao.decide.ads.bidding.throttled import Throttled
from queqiao.decide.ads.pacing.day import planned
from queqiao.decide.ads.pacing.document import BidStrategy
from queqiao.decide.ads.pacing.worth import Worth

Name = Literal["throttled", "steady", "asap", "predictive"]

MARGIN = 0.98
"""How much of a target is aimed at."""

NAMES: Mapping[tuple[bool, str], Name | None] = {
    (False, "asap"): None,
    (False, "even"): "throttled",
    (True, "even"): "steady",
    (True, "asap"): "asap",
    (True, "predictive"): "predictive",
}
"""By whether the bid is automatic, and the pacing."""


def name_of(strategy: BidStrategy) -> Name | None:
    """Return the name of what bids for a campaign; None where its document alone does."""
    return NAMES[strategy.is_automatic, strategy.pacing]


def made(name: Name, traffic: tuple[float, ...], price: float) -> Strategy:
    """Return what bids through a day whose traffic by tick is expected to be so.

    ``price`` is, for ``throttled``, what it bids for a unit of value; for ``predictive`` what an
    impression usually costs.
    """
    match name:
        case "throttled":
            return Throttled(planned(traffic), price)
        case "steady":
            return Steady(planned(traffic), MARGIN)
        case "asap":
            return Steady(planned(traffic), MARGIN, asap=True)
        case "predictive":
            return Predictive(market_of(traffic, price), MARGIN)


def market_of(traffic: tuple[float, ...], price: float) -> Market:
    """Return a market of which the traffic is known and the usual price, and today tells more."""
    floor = max(traffic) * 1e-6 or 1.0
    ticks = len(traffic)
    known = replace(
        Market.unknown(ticks),
        traffic=tuple(max(each, floor) for each in traffic),
        weight_ticks=ticks / 8,
    )
    return (
        replace(known, prices=(price,) * ticks) if price > 0 else replace(known, weight_ticks=0.0)
    )


def value_of_a_click(strategy: BidStrategy, worth: Worth) -> float:
    """Return what a click brings of what the strategy counts."""
    if strategy.kind in ("max_gmv", "troas"):
        return max(worth.value_of_a_click, 1e-9)
    if strategy.kind == "manual" or strategy.wanted == "click":
        return 1.0
    return worth.conversions_of_a_click


def target_of(strategy: BidStrategy) -> Target:
    """Return the bound that a strategy keeps on the average of the day."""
    if strategy.target_minor is not None:
        return Target.cpa(strategy.target_minor)
    if strategy.target_return_percent is not None:
        return Target.roas(strategy.target_return_percent / 100)
    return Target()
