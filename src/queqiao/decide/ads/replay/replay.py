"""A replay from its beginning to its result: read, hold again, draw, sum up."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from msgspec import Struct

from queqiao.decide.ads.auction import Bid
from queqiao.decide.ads.forecast import rates
from queqiao.decide.ads.forecast.contest import Views, within_caps
from queqiao.decide.ads.forecast.messages import Estimate
from queqiao.decide.ads.forecast.opportunities import Floats, Ints, Marks
from queqiao.decide.ads.forecast.rates import Rate
from queqiao.decide.ads.forecast.results import Result
from queqiao.decide.ads.odds import Odds
from queqiao.decide.ads.replay.auctions import Logged, Outcome, Row, Span, logged
from queqiao.decide.ads.replay.change import Asked, Document, Entrant, NewCampaign, NewFloor
from queqiao.decide.ads.replay.course import (
    CONFIDENCE,
    DRAWS,
    MEASURES,
    Course,
    Known,
    course,
    interval,
)
from queqiao.decide.ads.replay.messages import AuctionReplayResult, Became, OfPlace, WouldHave
from queqiao.decide.ads.replay.rerun import NOBODY, Columns, Rerun
from queqiao.kernel.clock import DEFAULT_ZONE, business_day, day_start_us


class Past(Struct, frozen=True):
    """What is known beside the log: what became of ads, documents, and the shop's zone.

    ``budgets`` are the daily ones of campaigns, where they may end under the change; ``asked`` is
    what the log of each place has, since somebody there asks for it.
    """

    results: Sequence[Result]
    budgets: Mapping[str, int]
    currency: str
    zone: str = DEFAULT_ZONE
    asked: Mapping[str, Asked] = MappingProxyType({})


class Replay:
    """One change and the auctions that are held again under it. Take all, then ask the result."""

    def __init__(self, past: Past, campaign: NewCampaign | None, floor: NewFloor | None) -> None:
        self._past = past
        self._campaign = campaign
        odds = Odds(rates.counts(past.results))
        entrant = None
        if campaign is not None:
            entrant = Entrant(campaign, _bids(odds, campaign), past.zone, past.asked)
        self._rerun = Rerun(
            entrant, campaign.id if campaign else "", floor, lambda us: business_day(us, past.zone)
        )
        self._budgets = dict(past.budgets)
        if campaign is not None:
            self._budgets = {}
            if campaign.is_changed:
                self._budgets = {campaign.id: campaign.after.daily_budget_minor}

    def take(self, slots: Iterable[Logged]) -> None:
        """Hold the auctions of some slots again; they come in the order of the log."""
        self._rerun.take(slots)

    def take_rows(self, rows: Iterable[Row], span: Span, became: Mapping[str, Outcome]) -> None:
        """Do the same with rows of the warehouse."""
        for row in rows:
            self.take(logged(row, span.places, became))

    def result(self) -> AuctionReplayResult:
        """Return what the change would have done."""
        rerun, rows = self._rerun, self._rerun.columns()
        found = course(rows, self._known(rows))
        own = None
        if self._campaign is not None:
            own = self._of(found, self._campaign.id, None)
        places = sorted({place for _, place in rerun.before.by} | set(rerun.places.words))
        return AuctionReplayResult(
            currency=self._past.currency,
            confidence=CONFIDENCE,
            slots=rerun.slots,
            changed=len(rows),
            assumed=rerun.assumed,
            incomplete=rerun.incomplete,
            unequal=rerun.unequal,
            campaign=own,
            placements=[self._of(found, None, place) for place in places],
        )

    def _of(self, found: Course, campaign: str | None, place: str | None) -> OfPlace:
        """Return what changed of a campaign, or in a place."""
        rerun = self._rerun
        numbers = (
            None if campaign is None else rerun.campaigns.number.get(campaign, -2),
            None if place is None else rerun.places.number.get(place, -2),
        )
        before, same = rerun.before.of(campaign, place), rerun.same.of(campaign, place)
        after = found.of(*numbers) + _column(same)
        name = campaign if place is None and campaign is not None else place or ""
        return OfPlace(
            name, Became(*_ordered(before)), _would(after), _would(after - _column(before))
        )

    def _known(self, rows: Columns) -> Known:
        results, names, places = self._past.results, self._rerun.campaigns, self._rerun.places

        def click(campaign: int, place: int) -> Rate:
            name = names.words[campaign]
            return rates.click_rate(results, places.words[place], _alike, name)

        def conversion(campaign: int) -> Rate:
            return rates.conversion_rate(results, _alike, names.words[campaign])

        starts = [day_start_us(day, self._past.zone) for day in sorted(self._rerun.days)]
        day = np.searchsorted(np.array(starts, np.int64), rows.at_us, "right") - 1
        return Known(
            click,
            conversion,
            [rates.seen_of_served(results, name) for name in places.words],
            self._capped(rows, day),
            self._budget_of,
            day,
        )

    def _budget_of(self, campaign: int) -> int | None:
        """Return what a campaign may spend a day on ads that come otherwise: what is left of its
        budget, in the mean, by those that stay."""
        rerun = self._rerun
        if campaign == NOBODY:
            return None
        name = rerun.campaigns.words[campaign]
        budget_minor = self._budgets.get(name)
        if budget_minor is None:
            return None
        return budget_minor - rerun.same.of(name).cost_minor // max(1, len(rerun.days))

    def _capped(self, rows: Columns, day: Ints) -> Marks:
        """Mark the ads of the changed campaign that the person may not see under its caps."""
        capped: Marks = np.zeros(len(rows), np.bool_)
        changed = self._campaign
        number = self._rerun.campaigns.number.get(changed.id, -2) if changed else -2
        if changed is None or not changed.is_changed or not changed.after.caps or number < 0:
            return capped
        mine = np.flatnonzero(rows.campaign[0] == number)
        kept = within_caps(
            Views(rows.person, rows.at_us, day),
            mine,
            changed.after.caps,
            len(changed.after.creatives),
        )
        capped[mine] = True
        capped[kept] = False
        return capped


def _bids(odds: Odds, campaign: NewCampaign) -> Callable[[str], Bid]:
    live = Document(campaign.id, campaign.revision, campaign.before)
    return lambda place: odds.bid(live, place)


def _alike(_: str) -> float:
    return 1.0


def _ordered(outcome: Outcome) -> tuple[int, int, int, int]:
    return outcome.seen, outcome.clicks, outcome.cost_minor, outcome.conversions


def _column(outcome: Outcome) -> Floats:
    values: Floats = np.repeat(np.array(_ordered(outcome), float)[:, None], DRAWS, axis=1)
    return values


def _would(sums: Floats) -> WouldHave:
    return WouldHave(**dict(zip(MEASURES, map(_estimate, sums), strict=True)))


def _estimate(values: Floats) -> Estimate:
    low, high = interval(values)
    expected = float(values[1::2].mean())  # the draws with what is assumed
    return Estimate(round(expected, 1), round(min(low, expected), 1), round(max(high, expected), 1))
