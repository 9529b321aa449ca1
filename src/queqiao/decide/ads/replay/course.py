"""What would have become of the slots that come otherwise, as draws of what may happen.

Where another ad stands than then, whether it is clicked was never seen: each draw takes its click
rate from what is known of that campaign in that place (``forecast/rates.py``), and chance decides.
A slot that was seen is seen. Where a campaign's budget may end, its ads are walked in the order of
time with the leases that they take, each draw with its own clicks; who cannot pay leaves the slot
to the next.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from queqiao.decide.ads.auction import FULL_PERCENT, THOUSAND
from queqiao.decide.ads.budgets import RETRY_US
from queqiao.decide.ads.forecast.opportunities import Floats, Ints, Marks
from queqiao.decide.ads.forecast.rates import Rate
from queqiao.decide.ads.replay.rerun import NOBODY, PRICINGS, Columns
from queqiao.decide.ads.slices import LEASE_US

DRAWS = 200
CONFIDENCE = 0.95
"""Of the draws, so many lie between low and high."""

SEED = 20_260_618
ROWS_AT_ONCE = 4_096
LUCK_ROWS = 256
MEASURES = ("impressions", "clicks", "cost_minor", "conversions")
_CPM, _CPA, _OCPM = (PRICINGS.index(pricing) for pricing in ("cpm", "cpa", "ocpm"))


class Known(NamedTuple):
    """What is known of rates, by the numbers of campaign and place, and of slots of a place.

    ``seen`` is the share of served ads that are seen; ``capped`` marks rows whose first winner the
    person may not see any more. ``budget_of`` gives what a campaign may spend on the day that a
    moment lies in, and the number of that day; None where its money is taken as it was.
    """

    click: Callable[[int, int], Rate]
    conversion: Callable[[int], Rate]
    seen: Sequence[float]
    capped: Marks
    budget_of: Callable[[int], int | None]
    day: Ints


class Course:
    """Sums by draw: of each campaign and place together."""

    def __init__(self) -> None:
        self.by: dict[tuple[int, int], Floats] = {}

    def add(self, campaign: int, place: int, sums: Floats) -> None:
        """Add sums of shape (measures, draws)."""
        key = (campaign, place)
        self.by[key] = self.by[key] + sums if key in self.by else sums

    def of(self, campaign: int | None = None, place: int | None = None) -> Floats:
        """Return the sums of a campaign, in a place, each None for all."""
        found = [
            each
            for (theirs, there), each in self.by.items()
            if campaign in (None, theirs) and place in (None, there)
        ]
        nothing: Floats = np.zeros((len(MEASURES), DRAWS))
        return sum(found, nothing)


def course(rows: Columns, known: Known) -> Course:
    """Return what may have become of the rows."""
    drawing = _Drawing(rows, known)
    found = Course()
    granted = np.ones((len(rows), DRAWS), np.bool_)
    granted[known.capped] = False
    granted[np.ix_(rows.is_assumed, np.arange(DRAWS) % 2 == 0)] = False
    for campaign in np.unique(rows.campaign[0]):
        budget_minor = known.budget_of(int(campaign))
        if campaign != NOBODY and budget_minor is not None:
            mine = np.flatnonzero(rows.campaign[0] == campaign)
            for day in np.unique(known.day[mine]):
                walked = mine[known.day[mine] == day]
                granted[walked] = drawing.walk(walked, budget_minor, granted[walked])
    for begin in range(0, len(rows), ROWS_AT_ONCE):
        part = np.arange(begin, min(begin + ROWS_AT_ONCE, len(rows)))
        first, second = drawing.shown(part, 0), drawing.shown(part, 1)
        _spread(found, rows, part, 0, first * granted[part])
        _spread(found, rows, part, 1, second * ~granted[part])
    return found


def _spread(found: Course, rows: Columns, part: Ints, turn: int, shown: Floats) -> None:
    """Add what was shown, by campaign and place."""
    pairs = np.stack([rows.campaign[turn][part], rows.place[part]], axis=1)
    kinds, which = np.unique(pairs, axis=0, return_inverse=True)
    which = which.reshape(-1)
    for at, (campaign, place) in enumerate(kinds.tolist()):
        if campaign != NOBODY:
            found.add(campaign, place, shown[:, which == at].sum(axis=1))


class _Drawing:
    """Draws what becomes of rows; the same row comes out the same however often it is asked."""

    def __init__(self, rows: Columns, known: Known) -> None:
        self._rows = rows
        self._known = known
        self._clicks: dict[tuple[int, int], Floats] = {}
        self._conversions: dict[int, Floats] = {}

    def shown(self, part: Ints, turn: int) -> Floats:
        """Return (measures, rows, draws) of what becomes where the winner of that turn stands."""
        rows = self._rows
        seen, clicked, bought = self._drawn(part, turn)
        price = rows.price_minor[turn][part][:, None]
        pricing = rows.pricing[turn][part][:, None]
        units = np.where(pricing == _CPA, bought, np.where(pricing == 0, clicked, seen))
        cost = price * units / np.where((pricing == _CPM) | (pricing == _OCPM), THOUSAND, 1)
        known = np.broadcast_to(self._as_it_was(part, turn), (len(part), DRAWS))
        is_known = rows.is_logged[turn][part][:, None]
        was = rows.was[part]
        shown = np.stack([seen, clicked, np.where(is_known, known, cost), bought])
        for at, column in ((0, 0), (1, 1), (3, 3)):
            shown[at] = np.where(is_known, was[:, column][:, None], shown[at])
        shown[:, rows.campaign[turn][part] == NOBODY] = 0
        return shown

    def _as_it_was(self, part: Ints, turn: int) -> Floats:
        """Return what the ad would have cost that was shown then, at the price of now."""
        rows = self._rows
        was = rows.was[part, MEASURES.index("cost_minor")].astype(float)
        price, before = rows.price_minor[turn][part], rows.was_price_minor[part]
        scaled: Floats = np.where(before > 0, was * price / np.maximum(before, 1), was)
        return scaled[:, None]

    def _drawn(self, part: Ints, turn: int) -> tuple[Floats, Floats, Floats]:
        rows, luck = self._rows, _luck(part)
        filled = rows.was_filled[part][:, None]
        usual = np.array([*self._known.seen, 0.0])[rows.place[part]][:, None]
        seen = np.where(filled, rows.was[part, 0][:, None] > 0, luck[0] < usual)
        click = np.stack(
            [
                self._click(campaign, place)
                for campaign, place in zip(
                    rows.campaign[turn][part].tolist(), rows.place[part].tolist(), strict=True
                )
            ]
        )
        percent = rows.percent[part][:, None] / FULL_PERCENT
        clicked = seen & (luck[1] < click * percent)
        buy = np.stack([self._buy(campaign) for campaign in rows.campaign[turn][part].tolist()])
        bought = clicked & (luck[2] < buy)
        return seen.astype(float), clicked.astype(float), bought.astype(float)

    def _click(self, campaign: int, place: int) -> Floats:
        key = (campaign, place)
        if key not in self._clicks:
            chance = np.random.default_rng((SEED, campaign + 1, place))
            rate = self._known.click(campaign, place) if campaign != NOBODY else Rate(0.0, 1.0)
            self._clicks[key] = rate.draw(chance, DRAWS)
        return self._clicks[key]

    def _buy(self, campaign: int) -> Floats:
        if campaign not in self._conversions:
            chance = np.random.default_rng((SEED + 1, campaign + 1))
            rate = self._known.conversion(campaign) if campaign != NOBODY else Rate(0.0, 1.0)
            self._conversions[campaign] = rate.draw(chance, DRAWS)
        return self._conversions[campaign]

    def walk(self, mine: Ints, budget_minor: int, may: Marks) -> Marks:
        """Return which ads of one campaign and day are paid for, by draw.

        Each takes a lease of the most that it may cost; a notice spends it, else it is free again
        after ``LEASE_US``. Who cannot pay is left out for ``RETRY_US``.
        """
        rows = self._rows
        price = rows.price_minor[0][mine].astype(float)
        pricing = rows.pricing[0][mine]
        lease = np.ceil(np.where((pricing == _CPM) | (pricing == _OCPM), price / THOUSAND, price))
        if lease.sum() <= budget_minor:
            return may
        cost = np.concatenate(
            [
                self.shown(mine[begin : begin + ROWS_AT_ONCE], 0)[MEASURES.index("cost_minor")]
                for begin in range(0, len(mine), ROWS_AT_ONCE)
            ]
        )
        return _paid(rows.at_us[mine], lease, cost, float(budget_minor), may)


def _luck(part: Ints) -> Floats:
    """Return three uniform numbers for each row and draw, which are the row's own."""
    blocks, which = np.unique(part // LUCK_ROWS, return_inverse=True)
    luck: Floats = np.empty((3, len(part), DRAWS))
    for at, block in enumerate(blocks.tolist()):
        held = np.random.default_rng((SEED, block)).random((3, LUCK_ROWS, DRAWS))
        here = which == at
        luck[:, here] = held[:, part[here] % LUCK_ROWS]
    return luck


def _paid(at_us: Ints, lease: Floats, cost: Floats, budget_minor: float, may: Marks) -> Marks:
    """Walk leases in the order of time, all draws at once."""
    free = np.full(DRAWS, budget_minor)
    again_us = np.zeros(DRAWS)
    granted = np.zeros_like(may)
    open_leases: deque[int] = deque()
    for at, now_us in enumerate(at_us.tolist()):
        while open_leases and at_us[open_leases[0]] + LEASE_US <= now_us:
            before = open_leases.popleft()
            free += np.where(granted[before], np.maximum(0.0, lease[before] - cost[before]), 0.0)
        asked = may[at] & (again_us <= now_us)
        granted[at] = asked & (free >= lease[at])
        again_us[asked & ~granted[at]] = now_us + RETRY_US
        free -= np.where(granted[at], lease[at], 0.0)
        open_leases.append(at)
    return granted


def interval(values: Floats) -> tuple[float, float]:
    """Return the ends of the interval: of draws with and without what is assumed, the outer."""
    tail = (1 - CONFIDENCE) / 2
    halves = [np.quantile(values[start::2], (tail, 1 - tail)) for start in (0, 1)]
    return float(min(half[0] for half in halves)), float(max(half[1] for half in halves))
