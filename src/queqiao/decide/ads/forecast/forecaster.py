"""A forecast: from the sample, what live documents say and who is in which segment."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

import msgspec
import numpy as np
from msgspec.structs import replace

from queqiao.decide.ads.auction import QUALITY_UNIT
from queqiao.decide.ads.checks import hours_clause
from queqiao.decide.ads.click_rate import RATE_UNIT, ClickRates, ConversionRates
from queqiao.decide.ads.contracts import Campaign, Targeting
from queqiao.decide.ads.forecast import calendar, rates
from queqiao.decide.ads.forecast.audience import Asked, Audience, Members, audience
from queqiao.decide.ads.forecast.contest import Offer, field, won
from queqiao.decide.ads.forecast.likeness import likeness
from queqiao.decide.ads.forecast.messages import (
    Alike,
    Assumed,
    Draft,
    Estimate,
    Forecast,
    Point,
    Reach,
    ReachAnswer,
    SampleView,
)
from queqiao.decide.ads.forecast.opportunities import Marks, Opportunities
from queqiao.decide.ads.forecast.outlook import (
    CONFIDENCE,
    Outlook,
    Plan,
    Prospect,
    chances,
    interval,
    outlook,
)
from queqiao.decide.ads.forecast.sample import Sample
from queqiao.decide.ads.quality import PERCENT
from queqiao.kernel.clock import DAY_US, format_rfc3339

POINTS_EACH_SIDE = 7
POINTS_FACTOR_MAX = 4.0
"""The curves go from a quarter of the bid or budget to four times of it."""

ALIKE_SHOWN = 10
KEPT_AUDIENCES = 64
_WEEK_US = 7 * DAY_US
_Z = 1.6449
"""The normal quantile of ``CONFIDENCE``."""


class Range(NamedTuple):
    """From until before, and in which places (numbers of none: all), at which currency."""

    from_us: int
    until_us: int
    places: tuple[str, ...]
    currency: str


class Case(NamedTuple):
    """One question: a draft, the campaign that it would replace, and the range."""

    draft: Draft
    own: str | None
    range: Range


class Forecaster:
    """Answers from one sample; made anew when the sample is. Questions may come from one thread.

    ``members`` says who is in which segment, ``campaigns`` are the documents of past and live ones,
    ``floors`` those of live placements.
    """

    def __init__(
        self,
        sample: Sample,
        members: Members,
        campaigns: Mapping[str, Campaign],
        zone: str,
        floors: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        self._sample = sample
        self._floors = floors
        counts = rates.counts(sample.results)
        self._clicks, self._conversions = ClickRates(counts), ConversionRates(counts)
        self._members = members
        self._campaigns = campaigns
        self._zone = zone
        found = sample.opportunities
        first_us = int(found.at_us[0]) if len(found) else sample.until_us
        self._past = calendar.past(first_us, sample.since_us, sample.until_us, zone)
        self._day = self._past.day_of(found.at_us)
        self._audience = lru_cache(KEPT_AUDIENCES)(self._judge)

    def forecast(self, case: Case) -> Forecast:
        """Return what will become of a draft."""
        draft, asked = case.draft, case.range
        reached = self._reached(aimed(draft), asked)
        maybe = reached.sure | reached.unsure
        likely = self._prospect(case, maybe)
        sure = self._prospect(case, reached.sure) if reached.unsure.any() else likely
        plan = Plan(draft.bid_minor, draft.daily_budget_minor)
        totals, least = outlook(likely, plan), outlook(sure, plan)
        seen = float(totals.expected.impressions.mean())
        offered = _offered(likely)
        return Forecast(
            from_=format_rfc3339(asked.from_us),
            until=format_rfc3339(asked.until_us),
            currency=asked.currency,
            confidence=CONFIDENCE,
            **_estimates(totals, least),
            opportunities=round(offered, 1),
            # The drawn days may bring a few more than are expected.
            win_rate=min(1.0, round(seen / offered, 4)) if offered else 0.0,
            average_price_minor=_price(likely, plan),
            exhausted=round(float(totals.expected.exhausted.mean()), 4),
            click_rate=self._click_rate(case),
            reach=self._reach(draft.targeting, reached),
            by_bid=list(
                _points(likely, sure, [Plan(bid, plan[1]) for bid in around(draft.bid_minor)])
            ),
            by_budget=list(
                _points(
                    likely, sure, [Plan(plan[0], each) for each in around(draft.daily_budget_minor)]
                )
            ),
            alike=self._alike(case),
            assumed=_assumed(reached),
            sample=self._view(),
        )

    def reach(self, targeting: Targeting, asked: Range) -> ReachAnswer:
        """Return whom a targeting reaches."""
        reached = self._reached(targeting, asked)
        return ReachAnswer(
            self._reach(targeting, reached), CONFIDENCE, _assumed(reached), self._view()
        )

    def places(self) -> list[str]:
        """Return the places that were seen."""
        return self._sample.opportunities.places

    def _reached(self, targeting: Targeting, asked: Range) -> Audience:
        weeks = -(-(asked.from_us - self._sample.since_us) // _WEEK_US)
        key = msgspec.json.encode(targeting)
        reached = self._audience(key, max(0, weeks) * _WEEK_US)
        found = self._sample.opportunities
        here = np.isin(found.place, [at for at, n in enumerate(found.places) if n in asked.places])
        within = here & (self._day >= 0) & (self._day < len(self._past))
        return reached._replace(sure=reached.sure & within, unsure=reached.unsure & within)

    def _judge(self, targeting: bytes, shift_us: int) -> Audience:
        asked = Asked(msgspec.json.decode(targeting, type=Targeting), shift_us, self._zone)
        return audience(self._sample.opportunities, asked, self._members)

    def _prospect(self, case: Case, of_audience: Marks) -> Prospect:
        draft, results = case.draft, self._sample.results
        found = self._sample.opportunities.taken(of_audience)
        day = self._day[of_audience]
        offer = self._offer(case)
        like = self._like(draft)
        clicks = [rates.click_rate(results, name, like, case.own) for name in found.places]
        conversion = rates.conversion_rate(results, like, case.own)
        to_come = calendar.ahead(case.range.from_us, case.range.until_us, self._zone)
        drawn = chances(
            self._past,
            to_come,
            self._people_error(found),
            (clicks, conversion),
        )
        floors = [self._floors.get(name, 0) for name in found.places]
        return Prospect(
            field(found, offer, floors, case.own),
            draft.pricing,
            day,
            self._past,
            to_come,
            np.array([rates.seen_of_served(results, name) for name in found.places]),
            np.array([rate.mean for rate in clicks]),
            np.array(offer.clicks) * np.array(offer.conversions) / RATE_UNIT**2,
            conversion.mean,
            self._past.scale / self._sample.share,
            draft.caps,
            max(1, len(draft.creatives)),
            drawn,
        )

    def _offer(self, case: Case) -> Offer:
        """Return the rates by which the auction would rank the campaign in each place."""
        places, own = self._sample.opportunities.places, case.own or ""
        percent = case.draft.quality_percent
        return Offer(
            case.draft.pricing,
            QUALITY_UNIT if percent is None else percent * PERCENT,
            [self._clicks.of(own, name) for name in places],
            [self._conversions.of(own, name) for name in places],
        )

    def _people_error(self, found: Opportunities) -> float:
        """Return the relative error of a sum over people of whom a share was drawn."""
        if not len(found):
            return 0.0
        _, each = np.unique(found.person[found.person != 0], return_counts=True)
        squares = float((each.astype(float) ** 2).sum()) + int((found.person == 0).sum())
        return float(np.sqrt(squares * (1 - self._sample.share)) / len(found))

    def _like(self, draft: Draft) -> Callable[[str], float]:
        return lambda name: likeness(draft, self._campaigns.get(name))

    def _click_rate(self, case: Case) -> Estimate:
        like = self._like(case.draft)
        drawn = [
            rates.click_rate(self._sample.results, name, like, case.own).draw(
                np.random.default_rng(at), 400
            )
            for at, name in enumerate(case.range.places)
        ]
        if not drawn:
            return Estimate(0, 0, 0)
        rates_ = np.concatenate(drawn)
        low, high = interval(rates_)
        return Estimate(round(float(rates_.mean()), 6), round(low, 6), round(high, 6))

    def _reach(self, targeting: Targeting, reached: Audience) -> Reach:
        found, share = self._sample.opportunities, self._sample.share
        rows = found.taken(reached.sure | reached.unsure)
        people = _people(rows)
        error = _Z * float(np.sqrt(people * (1 - share))) / share
        least = _people(found.taken(reached.sure))
        a_day = len(np.unique(rows.request)) / share * self._past.scale / len(self._past)
        return Reach(
            Estimate(
                round(people / share),
                max(least, round(least / share - error)),
                round(people / share + error),
            ),
            self._members_of(targeting),
            round(a_day, 1),
        )

    def _members_of(self, targeting: Targeting) -> int | None:
        known = [self._members(name) for name in targeting.segments_any]
        found = [one for one in known if one is not None]
        return len(np.unique(np.concatenate(found))) if found else None

    def _alike(self, case: Case) -> list[Alike]:
        found = rates.sources(self._sample.results, case.range.places, self._like(case.draft))
        return [
            Alike(one.campaign_id, one.seen, one.clicks, round(one.likeness, 3))
            for one in found[:ALIKE_SHOWN]
        ]

    def _view(self) -> SampleView:
        found = self._sample.opportunities
        return SampleView(
            len(found),
            _people(found),
            self._sample.share,
            len(self._past) if self._past.scale == 1 else 0,
            format_rfc3339(self._sample.since_us),
            format_rfc3339(self._sample.until_us),
        )


def aimed(draft: Draft) -> Targeting:
    """Return the targeting with the draft's hours as a clause of it."""
    if not draft.hours:
        return draft.targeting
    clauses = [hours_clause(draft.hours)]
    if draft.targeting.expression is not None:
        clauses.append(draft.targeting.expression)
    return replace(draft.targeting, expression={"and": clauses})


def around(middle: int) -> list[int]:
    """Return amounts about one, itself among them, evenly apart by factors."""
    steps = range(-POINTS_EACH_SIDE, POINTS_EACH_SIDE + 1)
    step = POINTS_FACTOR_MAX ** (1 / POINTS_EACH_SIDE)
    return sorted({max(1, round(middle * step**at)) for at in steps})


def _offered(prospect: Prospect) -> float:
    """Return how many requests of the audience come in the range."""
    day_of = dict(zip(prospect.contest.found.request.tolist(), prospect.day.tolist(), strict=True))
    a_day = np.bincount(list(day_of.values()), minlength=len(prospect.past)).mean()
    share = sum((one.until_us - one.from_us) / one.whole_us for one in prospect.ahead)
    return float(a_day * share * prospect.times)


def _price(prospect: Prospect, plan: Plan) -> float | None:
    ads = won(prospect.contest, plan.bid_minor)
    weights = ads.surely * prospect.click[prospect.contest.found.place[ads.rows]]
    return round(float(np.average(ads.price_minor, weights=weights)), 2) if len(ads.rows) else None


def _points(likely: Prospect, sure: Prospect, plans: Sequence[Plan]) -> Iterator[Point]:
    for plan in plans:
        totals = outlook(likely, plan)
        least = totals if sure is likely else outlook(sure, plan)
        yield Point(plan.bid_minor, plan.daily_budget_minor, **_estimates(totals, least))


def _estimates(found: Outlook, least: Outlook) -> dict[str, Estimate]:
    """Return the estimates; the low ends are those of what is sure."""
    names = ("impressions", "clicks", "cost_minor", "conversions")
    estimates = {}
    for name in names:
        low, high = interval(getattr(found.draws, name))
        low = min(low, interval(getattr(least.draws, name))[0])
        expected = float(getattr(found.expected, name).mean())
        estimates[name] = Estimate(round(expected, 1), round(low, 1), round(high, 1))
    return estimates


def _people(found: Opportunities) -> int:
    """Count people; whoever has no id is somebody else in each request."""
    strangers = found.request[found.person == 0]
    return len(np.unique(found.person[found.person != 0])) + len(np.unique(strangers))


def _assumed(reached: Audience) -> list[Assumed]:
    total = int((reached.sure | reached.unsure).sum())
    if not total or not reached.unsure.any():
        return []
    return [
        Assumed(name, round(min(1.0, count / total), 4)) for name, count in reached.unlogged.items()
    ]
