"""How booked deals share the slots to come: which share each takes, in which order.

Planned anew from what is left to deliver and what is left of supply, so that what went wrong before
is made up for. Deals are asked by priority, then the scarcest first; each takes from each of its
placements the same share, or all that those before it leave (the high water mark of Bharadwaj et
al., "SHALE: an efficient algorithm for allocation of guaranteed display advertising", KDD 2012;
Turner, "The planning of guaranteed targeted display advertising", Operations Research 2012).

How many of the slots a deal may stand in (its targeting, caps, rivals) shows in what it got of its
share lately.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec
from msgspec import Struct

from queqiao.decide.ads.auction import THOUSAND
from queqiao.decide.ads.charging import most_minor
from queqiao.decide.ads.click_rate import RATE_UNIT
from queqiao.decide.ads.inventory.availability import Calendar
from queqiao.decide.ads.inventory.booked import Booked, Bookings
from queqiao.decide.ads.inventory.deal import Deal
from queqiao.decide.ads.inventory.deal_days import window
from queqiao.decide.ads.inventory.deliveries import Delivered
from queqiao.decide.ads.inventory.remaining import remaining
from queqiao.decide.ads.inventory.supply import Supplies, days_between
from queqiao.kernel.clock import business_day

ARTIFACT = "ads_deals"
"""The name under which the plan travels to the decide role (``ports/records/artifacts``)."""

AHEAD = 1.03
"""Deals run so far ahead of an even delivery, since what supply fails to bring late is lost."""

SHOWN_PRIOR = 50
"""A deal is taken to have had so many ads, all shown, before its first one."""

SHOWN_LEAST = 0.2
"""Where fewer ads are shown than that, more are not served for it: notices are missing."""

ELIGIBLE_LEAST = 0.01
ELIGIBLE_MEMORY = 0.7
"""What is left of what was known of a deal's share when an hour tells more."""

SERVED_MIN = 30
"""An hour in which the plan foresaw fewer ads tells nothing."""


class Planned(Struct, frozen=True):
    """One deal as planned. ``eligible`` is the share of the slots in which it may stand.

    ``served`` and ``shown`` are what it delivered by then, ``left`` is the supply still to come,
    ``day_minor`` what its impressions of today may cost: those promised and not shown before.
    ``total_minor`` is what all that is promised costs; a plan of an earlier version has None.
    """

    deal_id: str
    campaign_id: str
    shares: dict[str, int]
    eligible: float
    served: int
    shown: int
    left: int
    starts_us: int
    ends_us: int
    cpm_minor: int
    day_minor: int
    total_minor: int | None = None


class Plan(Struct, frozen=True):
    """The plan of a moment, deals in the order in which they are asked."""

    at_us: int
    deals: list[Planned]


NO_PLAN = Plan(0, [])


class Known(NamedTuple):
    """What a plan is made from, beside the deals. ``lately`` are slots of the last hour."""

    supplies: Supplies
    delivered: Sequence[Delivered]
    lately: Mapping[str, int]
    before: Plan
    zone: str


def plan(deals: Mapping[str, Deal], known: Known, now_us: int) -> Plan:
    """Return the plan of the guaranteed deals that run."""
    calendar = Calendar(known.supplies)
    needs = [
        need
        for name, deal in deals.items()
        if deal.kind == "guaranteed" and (need := _need(name, deal, known, calendar, now_us))
    ]
    free: dict[str, float] = {}
    return Plan(now_us, [_planned(need, free) for need in sorted(needs, key=_order)])


class _Need(NamedTuple):
    name: str
    deal: Deal
    ads: float
    left: dict[str, float]
    eligible: float
    served: int
    shown: int
    starts_us: int
    ends_us: int
    day_minor: int

    @property
    def scarcity(self) -> float:
        return self.ads / max(1.0, sum(self.left.values()) * self.eligible)


def _order(need: _Need) -> tuple[int, float, str]:
    return need.deal.priority, -need.scarcity, need.name


def _need(name: str, deal: Deal, known: Known, calendar: Calendar, now_us: int) -> _Need | None:
    """Return what a deal still needs, None outside of its days."""
    starts_us, ends_us = window(deal, known.zone)
    if not starts_us <= now_us < ends_us:
        return None
    mine = [one for one in known.delivered if one.deal_id == name]
    served, shown = sum(one.served for one in mine), sum(one.shown for one in mine)
    rate = max(SHOWN_LEAST, (shown + SHOWN_PRIOR) / (served + SHOWN_PRIOR))
    ads = max(0, (deal.impressions or 0) - shown) / rate * AHEAD
    today = business_day(now_us, known.zone)
    days = days_between(today, deal.to_day or today)
    left = {
        place: remaining((known.supplies, calendar), place, days, now_us, known.zone)
        for place in deal.placements
    }
    eligible = _eligible(name, mine, known)
    before = sum(one.shown for one in mine if one.day < today)
    unshown = max(0, (deal.impressions or 0) - before)
    day_minor = most_minor(unshown * deal.cpm_minor, THOUSAND)
    return _Need(name, deal, ads, left, eligible, served, shown, starts_us, ends_us, day_minor)


def _eligible(name: str, mine: Sequence[Delivered], known: Known) -> float:
    before = next((one for one in known.before.deals if one.deal_id == name), None)
    if before is None:
        return 1.0
    foreseen = sum(
        share * known.lately.get(place, 0) / RATE_UNIT for place, share in before.shares.items()
    )
    if foreseen < SERVED_MIN:
        return before.eligible
    got = sum(one.recent for one in mine) / foreseen
    mixed = ELIGIBLE_MEMORY * before.eligible + (1 - ELIGIBLE_MEMORY) * min(1.0, got)
    return max(ELIGIBLE_LEAST, mixed)


def _planned(need: _Need, free: dict[str, float]) -> Planned:
    """Plan one deal, and take what it will use from what is ``free`` of each placement."""
    supply = {place: left * need.eligible for place, left in need.left.items()}
    open_shares = {place: free.get(place, 1.0) / need.eligible for place in supply}
    mark = _mark(need.ads, supply, open_shares)
    shares = {}
    for place in supply:
        share = min(mark, open_shares[place], 1.0)
        free[place] = max(0.0, free.get(place, 1.0) - share * need.eligible)
        shares[place] = round(share * RATE_UNIT)
    return Planned(
        need.name, need.deal.campaign or "", shares, need.eligible, need.served, need.shown,
        round(sum(need.left.values())), need.starts_us, need.ends_us, need.deal.cpm_minor,
        need.day_minor, most_minor((need.deal.impressions or 0) * need.deal.cpm_minor, THOUSAND),
    )  # fmt: skip


def _mark(ads: float, supply: Mapping[str, float], bounds: Mapping[str, float]) -> float:
    """Return the share, the same everywhere but where less is open, that brings so many ads."""
    if ads <= 0:
        return 0.0
    open_supply = dict(supply)
    for place in sorted(bounds, key=lambda place: (bounds[place], place)):
        total = sum(open_supply.values())
        if total <= 0:
            return 1.0  # nothing is known of what is left: all of it then
        if ads / total <= bounds[place]:
            return ads / total
        ads -= bounds[place] * open_supply.pop(place)
    return 1.0


def bookings(plan: Plan, live: Iterable[str]) -> Bookings:
    """Return the deals of a plan by placement, as far as they are live."""
    alive = frozenset(live)
    found: dict[str, list[Booked]] = {}
    for one in plan.deals:
        for place, share in one.shares.items() if one.deal_id in alive else ():
            if share:
                found.setdefault(place, []).append(_booked(one, share))
    return found


def _booked(one: Planned, share: int) -> Booked:
    times, money = (one.starts_us, one.ends_us), (one.cpm_minor, one.day_minor)
    return Booked(one.deal_id, one.campaign_id, share, *times, *money, one.total_minor)


def encode(plan: Plan) -> bytes:
    """Return the artifact's bytes."""
    return msgspec.msgpack.encode(plan)


def decode(body: bytes) -> Plan:
    """Return the plan of an artifact."""
    return msgspec.msgpack.decode(body, type=Plan)
