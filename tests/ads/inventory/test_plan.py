"""Booked deals reach their promises on supply that is not what was foreseen."""

from collections import defaultdict
from datetime import date, timedelta

import numpy as np
import pytest
from tests.ads.inventory.supplied import HOURS, TODAY, WEEKDAYS, supplies

from queqiao.decide.ads.click_rate import RATE_UNIT
from queqiao.decide.ads.inventory.booked import Booked, taken
from queqiao.decide.ads.inventory.deal import Deal
from queqiao.decide.ads.inventory.deliveries import Delivered
from queqiao.decide.ads.inventory.plan import NO_PLAN, Known, bookings, decode, encode, plan
from queqiao.decide.ads.inventory.remaining import rest_of_day
from queqiao.decide.ads.inventory.supply import Supplies, Supply
from queqiao.kernel.clock import MINUTE_US, day_start_us

ZONE = "Asia/Shanghai"
MEANS = {"home": 2_000, "side": 700}


def deal(campaign, impressions, placements=("home",), days=5, **more):
    last = (date.fromisoformat(TODAY) + timedelta(days - 1)).isoformat()
    return Deal(
        campaign, "guaranteed", "CNY", 3_000, list(placements), [], campaign, TODAY, last,
        impressions, **more,
    )  # fmt: skip


class Week:
    """Days of a shop, half-hour by half-hour: supply that comes, deals that take of it."""

    def __init__(self, deals, eligible, seed, surprise=1.0, shown=1.0):
        self.random = np.random.default_rng(seed)
        self.past = supplies(self.random, MEANS)
        self.deals, self.eligible, self.shown_rate = deals, eligible, shown
        self.surprise = surprise
        self.served = defaultdict(lambda: [0, 0, []])
        self.slots = defaultdict(int)
        self.recent = {place: [] for place in MEANS}

    def run(self, days):
        current = NO_PLAN
        for day in range(days):
            name = (date.fromisoformat(TODAY) + timedelta(day)).isoformat()
            start_us = day_start_us(name, ZONE)
            wobble = {place: np.exp(self.random.normal(0, 0.15)) for place in MEANS}
            today = defaultdict(int)
            for half_hour in range(48):
                now_us = start_us + half_hour * 30 * MINUTE_US
                known = self.known(name, now_us, today, current)
                current = plan(self.deals, known, now_us)
                shares = bookings(decode(encode(current)), self.deals)
                lately = self.tick(name, half_hour, wobble, shares, now_us)
                for place, count in lately.items():
                    today[place] += count
            self.close(name, today)
        return self

    def known(self, day, now_us, today, before):
        places = {
            place: Supply(past.first_day, past.counts, today[place], past.week)
            for place, past in self.past.placements.items()
        }
        delivered = [
            Delivered(name, place, on, served, shown, sum(recent[-2:]) if on == day else 0)
            for (name, place, on), (served, shown, recent) in self.served.items()
        ]
        lately = {place: sum(counts[-2:]) for place, counts in self.recent.items()}
        return Known(Supplies(now_us, day, places), delivered, lately, before, ZONE)

    def tick(self, day, half_hour, wobble, shares, now_us):
        weekday = date.fromisoformat(day).weekday()
        came = {}
        for place, mean in MEANS.items():
            expected = mean * WEEKDAYS[weekday] * HOURS[half_hour] / HOURS.sum()
            came[place] = self.random.poisson(expected * wobble[place] * self.surprise)
            got = defaultdict(int)
            for _ in range(came[place]):
                open_to = [
                    one
                    for one in shares.get(place, ())
                    if one.runs(now_us) and self.random.random() < self.eligible[one.deal_id]
                ]
                won = taken(open_to, int(self.random.integers(2**53)))
                if won is not None:
                    got[won.deal_id] += 1
            for name in self.deals:
                counts = self.served[name, place, day]
                counts[0] += got[name]
                counts[1] += self.random.binomial(got[name], self.shown_rate)
                counts[2].append(got[name])
            self.recent[place].append(came[place])
            self.slots[place] += came[place]
        return came

    def close(self, day, today):
        for place, past in self.past.placements.items():
            self.past.placements[place] = Supply(
                past.first_day, [*past.counts, today[place]], 0, past.week
            )

    def shown(self, name):
        return sum(shown for (deal, _, _), (_, shown, _) in self.served.items() if deal == name)


@pytest.mark.parametrize("surprise", [0.8, 1.25])
def test_deals_reach_their_promise_and_leave_the_rest(surprise):
    deals = {
        "wide": deal("wide", 4_000, ("home", "side")),
        "narrow": deal("narrow", 1_300, days=4),
        "late": deal("late", 700, ("side",), days=3, priority=1),
    }
    eligible = {"wide": 1.0, "narrow": 0.4, "late": 0.9}
    week = Week(deals, eligible, seed=round(surprise * 100), surprise=surprise, shown=0.9).run(5)
    for name, booked in deals.items():
        assert 0.98 <= week.shown(name) / booked.impressions <= 1.03, name
    taken_slots = sum(served for served, _, _ in week.served.values())
    assert taken_slots < 0.75 * sum(week.slots.values())


def test_a_share_is_what_luck_gives():
    deals = [
        Booked("a", "a", RATE_UNIT // 5, 0, 1, 0, 0),
        Booked("b", "b", RATE_UNIT // 2, 0, 1, 0, 0),
    ]
    found = [taken(deals, draw) for draw in range(20_000)]
    share = {name: sum(one is not None and one.deal_id == name for one in found) for name in "ab"}
    assert share["a"] / 20_000 == pytest.approx(0.2, abs=0.012)
    assert share["b"] / 20_000 == pytest.approx(0.5, abs=0.015)
    assert taken([], 1) is None


def test_the_scarcest_deal_is_asked_first_and_nothing_is_shared_twice():
    deals = {
        "easy": deal("easy", 1_000, ("home", "side")),
        "tight": deal("tight", 13_000),
        "first": deal("first", 30, priority=1),
    }
    week = Week(deals, {}, seed=1)
    now_us = day_start_us(TODAY, ZONE)
    found = plan(deals, week.known(TODAY, now_us, defaultdict(int), NO_PLAN), now_us)
    assert [one.deal_id for one in found.deals] == ["first", "tight", "easy"]
    assert {one.deal_id: one.total_minor for one in found.deals} == {
        name: -(-each.impressions * each.cpm_minor // 1_000) for name, each in deals.items()
    }
    for place in MEANS:
        assert sum(one.shares.get(place, 0) for one in found.deals) <= RATE_UNIT
    tight, easy = found.deals[1], found.deals[2]
    assert tight.shares["home"] > 0.9 * RATE_UNIT
    assert easy.shares["side"] > easy.shares["home"]  # what the tight one leaves is not enough


def test_a_deal_has_no_share_outside_of_its_days():
    deals = {"one": deal("one", 100, days=2)}
    week = Week(deals, {}, seed=1)
    for hours, is_on in ((-1, False), (0, True), (47, True), (48, False)):
        now_us = day_start_us(TODAY, ZONE) + hours * 60 * MINUTE_US
        known = week.known(TODAY, now_us, defaultdict(int), NO_PLAN)
        assert bool(plan(deals, known, now_us).deals) is is_on


def test_the_rest_of_a_day_follows_the_week():
    supply = Supply("2026-06-01", [], 0, [0] * 24 * 2 * 3 + [1] * 24 + [3] * 24 + [0] * 48 * 3)
    noon_us = day_start_us(TODAY, ZONE) + 12 * 60 * MINUTE_US
    assert rest_of_day(supply, noon_us, ZONE) == pytest.approx(0.75)
    assert rest_of_day(Supply("2026-06-01", [], 0, []), noon_us, ZONE) == 0.5
