"""The strategies by name, each made from what is known of a usual day of the market."""

from collections.abc import Callable, Mapping
from itertools import accumulate

from queqiao.decide.ads.bidding.contracts import Strategy
from queqiao.decide.ads.bidding.delivery import Fixed, MaxDelivery
from queqiao.decide.ads.bidding.dual import Dual
from queqiao.decide.ads.bidding.market import Market
from queqiao.decide.ads.bidding.pid import Pid
from queqiao.decide.ads.bidding.predictive import Predictive
from queqiao.decide.ads.bidding.steady import Steady, plan_of


def _pid(market: Market) -> Pid:
    total = sum(market.traffic)
    return Pid(tuple(spent / total for spent in accumulate(market.traffic)))


STRATEGIES: Mapping[str, Callable[[Market], Strategy]] = {
    "predictive": Predictive,
    "dual": lambda market: Dual(market.traffic),
    "steady": lambda market: Steady(plan_of(market.traffic)),
    "pid": _pid,
    "fixed": lambda _: Fixed(),
    "max-delivery": lambda market: MaxDelivery(Predictive(market)),
}
"""tCPA and tROAS are the first four with a target, max delivery is the last."""
