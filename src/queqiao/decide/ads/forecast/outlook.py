"""Impressions, clicks, cost and conversions over days to come, as draws of what may happen.

Each draw takes, for every day to come, a past day that may stand for it, and walks it in the order
of time until the day's budget is spent. The draws differ by what is not known: which day it will be
like, the level of traffic (few days say little), the people of the sample, the click rate, and
luck. Quantiles of the draws are the interval.

What is billed (clicks; impressions, or conversions where those are bid for) comes one by one, a
Poisson process over what is expected of the day. A budget pays for ``m`` of it; the ``m``-th comes
when Gamma(m) are expected, and then the ads of the day end.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from queqiao.decide.ads.auction import FULL_PERCENT, THOUSAND, Pricing
from queqiao.decide.ads.caps.document import Cap
from queqiao.decide.ads.forecast.calendar import Ahead, Past, standing_for
from queqiao.decide.ads.forecast.contest import Field, Won, capped, won
from queqiao.decide.ads.forecast.level import level
from queqiao.decide.ads.forecast.opportunities import Floats, Ints
from queqiao.decide.ads.forecast.rates import Rate

DRAWS = 200
CONFIDENCE = 0.9
"""Of the draws, so many lie between low and high."""

SEED = 20_260_618
"""The same question has the same answer, and a higher bid is not judged by other luck."""


class Plan(NamedTuple):
    """What a campaign would bid, and spend at most in a day."""

    bid_minor: int
    daily_budget_minor: int


class Totals(NamedTuple):
    """One number a draw. ``exhausted`` is the share of days on which the budget runs out."""

    impressions: Floats
    clicks: Floats
    cost_minor: Floats
    conversions: Floats
    exhausted: Floats


class Outlook(NamedTuple):
    """What may happen, with luck; and what is expected before luck has its say."""

    draws: Totals
    expected: Totals


class Chances(NamedTuple):
    """What the draws share, whatever the plan.

    ``depth`` is how far each draw is from the expected level (standard normal), ``people`` the
    relative error of the sample; ``click`` by what a draw scales the mean click rate of each place,
    ``conversion`` its rate. By day to come: ``options`` are the past days that may stand for it,
    ``days`` the one that does, ``luck`` how late its clicks come (standard normal).
    """

    depth: Floats
    people: float
    click: Floats
    conversion: Floats
    options: Sequence[tuple[int, ...]]
    days: Ints
    luck: Floats


class Prospect(NamedTuple):
    """All that a forecast is made from.

    ``contest`` holds the audience's opportunities within the past days, ``day`` the number of each
    one's day; ``pricing`` what is bid for; ``seen``, ``click`` and ``ranked`` (the conversions of
    an impression by which the auction bills) are shares by place; ``conversion`` is of a click.
    ``times`` is how many opportunities each of them stands for; ``creatives`` are those that a cap
    of creatives counts apart.
    """

    contest: Field
    pricing: Pricing
    day: Ints
    past: Past
    ahead: Sequence[Ahead]
    seen: Floats
    click: Floats
    ranked: Floats
    conversion: float
    times: float
    caps: Sequence[Cap]
    creatives: int
    chances: Chances


def chances(
    known: Past, to_come: Sequence[Ahead], people: float, rates: tuple[Sequence[Rate], Rate]
) -> Chances:
    """Return the draws: ``people`` is the relative error of the sample, ``rates`` those of clicks
    by place and of conversions."""
    chance = np.random.default_rng(SEED)
    depth = chance.normal(0, 1, DRAWS)
    options = [standing_for(day, known) for day in to_come]
    clicks, conversions = rates
    click = np.array([rate.draw(chance, DRAWS) / max(rate.mean, 1e-12) for rate in clicks])
    return Chances(
        (depth - depth.mean()) / depth.std(),
        people,
        click.reshape(len(clicks), DRAWS),
        conversions.draw(chance, DRAWS),
        [tuple(option) for option in options],
        np.array([chance.choice(option, DRAWS) for option in options], np.int64),
        chance.normal(0, 1, (len(to_come), DRAWS)),
    )


def outlook(prospect: Prospect, plan: Plan) -> Outlook:
    """Return what may become of a plan."""
    ads = won(prospect.contest, plan.bid_minor)
    ads = capped(ads, prospect.contest.found, prospect.day, prospect.caps, prospect.creatives)
    course = _Course(prospect, ads, plan.daily_budget_minor)
    sums = np.zeros((6, DRAWS))
    for at, day in enumerate(prospect.ahead):
        stands = prospect.chances.days[at]
        for one in np.unique(stands):
            draws = np.flatnonzero(stands == one)
            sums[:, draws] += course.lived(day, int(one), draws, prospect.chances.luck[at, draws])
    return _lucky(prospect, course, *sums)


def _lucky(prospect: Prospect, course: "_Course", *sums: Floats) -> Outlook:
    """Let chance decide how many click and buy, and with them what days cost that stay open."""
    seen, clicks, billed, open_billed, ended_billed, ended = sums
    chance = np.random.default_rng(SEED + 1)
    conversion = prospect.chances.conversion
    ended = ended / max(1, len(prospect.ahead))
    cost = billed * course.price_minor
    if prospect.pricing == "cpc":
        expected = Totals(seen, billed, cost, billed * conversion, ended)
    elif prospect.pricing == "cpa":
        expected = Totals(seen, clicks, cost, billed, ended)
    else:
        expected = Totals(seen, clicks, cost, clicks * conversion, ended)
    happened = chance.poisson(expected.clicks).astype(float)
    bought = chance.poisson(expected.conversions).astype(float)
    if prospect.pricing in ("cpm", "ocpm"):
        return Outlook(Totals(seen, happened, cost, bought, ended), expected)
    most = course.paid * len(prospect.ahead)
    told = np.minimum(chance.poisson(open_billed) + ended_billed, most)
    luck = chance.normal(0, 1, DRAWS) * course.price_apart * np.sqrt(told)
    spent = np.clip(told * course.price_minor + luck, 0, most * course.price_minor)
    if prospect.pricing == "cpa":
        return Outlook(Totals(seen, happened, spent, told, ended), expected)
    bought = chance.poisson(told * conversion).astype(float)
    return Outlook(Totals(seen, told, spent, bought, ended), expected)


class _Course:
    """The past days as a plan would have lived through them."""

    def __init__(self, prospect: Prospect, ads: Won, budget_minor: int) -> None:
        self._prospect = prospect
        found = prospect.contest.found
        place = found.place[ads.rows]
        seen = ads.surely * prospect.seen[place] * prospect.times
        clicks = seen * prospect.click[place] * found.percent[ads.rows] / FULL_PERCENT
        self._since_us = found.at_us[ads.rows] - prospect.past.starts_us[prospect.day[ads.rows]]
        self._day = prospect.day[ads.rows]
        by_day: Floats = np.bincount(self._day, seen, len(prospect.past)).astype(np.float64)
        self._level = level(prospect.chances, by_day)
        self._click = self._level * _factor(clicks, place, prospect.chances.click)
        billed, price, self._bill = self._billed(ads, seen, clicks, place)
        self._seen, self._clicks, self._bills = _summed(seen), _summed(clicks), _summed(billed)
        total = self._bills[-1]
        mean = float((billed * price).sum() / total) if total else 0.0
        spread = float((billed * (price - mean) ** 2).sum() / total) if total else 0.0
        self.price_minor, self.price_apart = mean, float(np.sqrt(spread))
        """Of the prices of what is billed, the mean and the standard deviation."""
        self.paid = max(0.0, budget_minor / max(self.price_minor, 1e-3) - 0.5)
        """How many a day's budget pays for: the last part of it is too little for one."""

    def _billed(
        self, ads: Won, seen: Floats, clicks: Floats, place: Ints
    ) -> tuple[Floats, Floats, Floats]:
        """Return by ad what is billed and at which price, and by what each draw scales it."""
        prospect = self._prospect
        if prospect.pricing == "cpc":
            return clicks, ads.price_minor, self._click
        if prospect.pricing == "cpa":
            relative = prospect.chances.conversion / max(prospect.conversion, 1e-12)
            return clicks * prospect.conversion, ads.price_minor, self._click * relative
        if prospect.pricing == "cpm":
            return seen, ads.price_minor / THOUSAND, self._level
        percent = prospect.contest.found.percent[ads.rows] / FULL_PERCENT
        return seen, ads.price_minor * prospect.ranked[place] * percent, self._level

    def lived(self, day: Ahead, stands: int, draws: Ints, luck: Floats) -> Floats:
        """Return, by draw: impressions, clicks, what is expected to be billed, the same of days
        that stay open, what is billed on days that end, and whether the budget was spent."""
        begin, end = self._part(day, stands)
        bill, level_ = self._bill[draws], self._level[draws]
        offered = (self._bills[end] - self._bills[begin]) * bill
        ends_at = _gamma(self.paid, luck)
        ends = ends_at < offered
        last = np.searchsorted(self._bills, self._bills[begin] + ends_at / bill, "right") - 1
        until = np.where(ends, np.clip(last, begin, end), end)
        seen = (self._seen[until] - self._seen[begin]) * level_
        clicks = (self._clicks[until] - self._clicks[begin]) * self._click[draws]
        before = np.minimum(1.0, max(0.0, self.paid - 1) / np.maximum(ends_at, 1e-12)) * offered
        expected = paid_for(offered, self.paid)
        return np.stack([seen, clicks, expected, before * ~ends, self.paid * ends, ends])

    def _part(self, day: Ahead, stands: int) -> tuple[int, int]:
        """Return from where to where the ads lie of a past day, of the hours that are asked for."""
        low, high = day.from_us - day.start_us, day.until_us - day.start_us
        begin, end = np.searchsorted(self._day, (stands, stands + 1))
        inside = np.searchsorted(self._since_us[begin:end], (low, high))
        return int(begin + inside[0]), int(begin + inside[1])


def paid_for(offered: Floats, paid: float) -> Floats:
    """Return the mean of the lesser of ``paid`` and the clicks that come, of which ``offered`` are
    expected: by the normal distribution that is nearest to Poisson's."""
    spread = np.sqrt(np.maximum(offered, 1e-12))
    apart = np.clip((paid - offered) / spread, -30.0, 30.0)
    below = 0.5 * (1 + np.tanh(np.sqrt(2 / np.pi) * (apart + 0.044715 * apart**3)))
    density = np.exp(-(apart**2) / 2) / np.sqrt(2 * np.pi)
    found: Floats = paid - spread * (apart * below + density)
    return np.clip(np.where(apart >= 30.0, offered, found), 0.0, np.minimum(offered, paid))


def _gamma(shape: float, luck: Floats) -> Floats:
    """Return Gamma quantiles at standard normal ones (Wilson and Hilferty, 1931)."""
    if shape == 0:
        return np.zeros_like(luck)
    part = 1 / (9 * shape)
    cubed: Floats = np.maximum(0.0, 1 - part + luck * np.sqrt(part)) ** 3
    return shape * cubed


def _summed(values: Floats) -> Floats:
    return np.concatenate(([0.0], np.cumsum(values)))


def _factor(clicks: Floats, place: Ints, drawn: Floats) -> Floats:
    """Return by what each draw scales clicks: the places' own factors, weighed by their clicks."""
    weights = np.bincount(place, clicks, minlength=len(drawn))
    total = weights.sum()
    factor: Floats = weights @ drawn / total if total else np.ones(DRAWS)
    return factor


def interval(values: Floats) -> tuple[float, float]:
    """Return the ends of the interval of draws."""
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(values, (tail, 1 - tail))
    return float(low), float(high)
