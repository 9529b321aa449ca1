"""A world whose rates are known: shoppers who come day by day, and rivals who bid."""

import numpy as np

from queqiao.decide.ads.contracts import Targeting
from queqiao.decide.ads.forecast.forecaster import Case, Forecaster, Range
from queqiao.decide.ads.forecast.messages import Draft
from queqiao.decide.ads.forecast.opportunities import Gathering, Opportunity, Rival
from queqiao.decide.ads.forecast.results import Result
from queqiao.decide.ads.forecast.sample import Sample
from queqiao.kernel.clock import DAY_US, day_start_us

ZONE = "Asia/Shanghai"
START_US = day_start_us("2026-06-01", ZONE)
CLICK_RATE = 0.005


class World:
    """Days of opportunities: traffic differs from day to day, rivals bid lognormally."""

    def __init__(self, seed, *, a_day=300, people=150, apart=0.1, click_rate=CLICK_RATE):
        self.chance = np.random.default_rng(seed)
        self.a_day, self.people, self.apart = a_day, people, apart
        self.click_rate = click_rate

    def day(self, number):
        count = self.chance.poisson(self.a_day * np.exp(self.chance.normal(0, self.apart)))
        start_us = START_US + number * DAY_US
        for since_us in np.sort(self.chance.integers(0, DAY_US, count)):
            person = int(self.chance.integers(1, self.people + 1))
            bid = np.exp(self.chance.normal(np.log(80), 0.4))
            at_us = start_us + int(since_us)
            yield Opportunity(
                at_us, "home", person, (f"u{person}", ""), f"{person}-{at_us}", "web", (),
                None, 10, (Rival("rival", float(bid) * CLICK_RATE),),
            )  # fmt: skip

    def days(self, first, last):
        return [one for number in range(first, last) for one in self.day(number)]


def sample_of(found, days, results=(), share=1.0):
    gathering = Gathering()
    gathering.take(found)
    return Sample(START_US, START_US + days * DAY_US, share, gathering.columns(), list(results))


def forecaster(sample, segments=None, campaigns=None):
    known = segments or {}
    return Forecaster(sample, known.get, campaigns or {}, ZONE)


def case(bid_minor=100, budget_minor=10**9, *, days=7, after=14, own=None, **draft):
    from_us = START_US + after * DAY_US
    return Case(
        Draft(bid_minor, budget_minor, **{"targeting": Targeting(), **draft}),
        own,
        Range(from_us, from_us + days * DAY_US, ("home",), "CNY"),
    )


def alike(click_rate, impressions=4_000, campaigns=10):
    """What became of campaigns that all have the same rate, as near as whole clicks can say."""
    clicks = round(impressions * click_rate)
    return [
        Result(f"c{at}", "home", impressions, impressions, clicks, clicks // 20, clicks * 70)
        for at in range(campaigns)
    ]
