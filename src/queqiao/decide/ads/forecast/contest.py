"""Which past opportunities a campaign would have won at a bid, what they would cost, for whom.

The auction is that of ``auction.py``: the best worth (bid times click rate) wins, and a click costs
the least with which it still wins, at least the floor. Equal worths are won half the time.
"""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from queqiao.decide.ads.caps.document import PERS, Cap
from queqiao.decide.ads.caps.windows import SPANS_US
from queqiao.decide.ads.click_rate import RATE_UNIT
from queqiao.decide.ads.forecast.opportunities import Floats, Ints, Marks, Opportunities
from queqiao.kernel.clock import HOUR_US, MINUTE_US


class Field(NamedTuple):
    """Opportunities of an audience, and what it takes to win each.

    ``to_beat_minor`` is the worth of the best rival; ``rank_rate`` the click rate by which the
    auction ranks the campaign there, a share.
    """

    found: Opportunities
    to_beat_minor: Floats
    rank_rate: Floats


class Won(NamedTuple):
    """Opportunities that are won: their rows, how surely (1 or ½), and the price of a click."""

    rows: Ints
    surely: Floats
    price_minor: Floats


def field(found: Opportunities, rank_rates: dict[str, int], own: str | None) -> Field:
    """Return the contest; a campaign is no rival of its own."""
    number = found.campaigns.index(own) if own in found.campaigns else -2
    to_beat = np.where(found.first == number, found.second_worth, found.first_worth)
    by_place = np.array([rank_rates.get(name, 0) / RATE_UNIT for name in found.places] or [0.0])
    return Field(found, to_beat, by_place[found.place])


def won(contest: Field, bid_minor: int) -> Won:
    """Return what a bid wins: of each request one slot in a place at most, the first it can."""
    worth = bid_minor * contest.rank_rate
    floor = contest.found.floor_minor
    beats = (bid_minor >= floor) & (worth >= contest.to_beat_minor) & (contest.rank_rate > 0)
    rows = _first_of_requests(contest.found.request, np.flatnonzero(beats))
    rate, to_beat = contest.rank_rate[rows], contest.to_beat_minor[rows]
    least = np.ceil(np.round(to_beat / rate, 6))
    price = np.minimum(np.maximum(least, floor[rows]), bid_minor)
    return Won(rows, np.where(worth[rows] > to_beat, 1.0, 0.5), price)


def _first_of_requests(request: Ints, rows: Ints) -> Ints:
    _, first = np.unique(request[rows], return_index=True)
    return rows[np.sort(first)]


def capped(ads: Won, found: Opportunities, day: Ints, caps: Sequence[Cap], times: int = 1) -> Won:
    """Leave out what a person may not see any more; somebody without an id has no cap.

    ``day`` numbers the business day of each opportunity. A cap of creatives holds ``times`` as
    often: for each of them. Caps of groups and above count this campaign alone.
    """
    for cap in caps:
        most = cap.times * (times if cap.level == "creative" else 1)
        kept = _within(found, ads.rows, day, cap, most)
        ads = Won(ads.rows[kept], ads.surely[kept], ads.price_minor[kept])
    return ads


def _within(found: Opportunities, rows: Ints, day: Ints, cap: Cap, most: int) -> Marks:
    person, at_us = found.person[rows], found.at_us[rows]
    window = np.zeros(len(rows), np.int64) if cap.rolling else _window(at_us, day[rows], cap)
    order = np.lexsort((at_us, window, person))
    starts = np.ones(len(rows), np.bool_)
    starts[1:] = (np.diff(person[order]) != 0) | (np.diff(window[order]) != 0)
    place = np.arange(len(rows))
    rank = place - np.maximum.accumulate(np.where(starts, place, 0))
    kept = np.ones(len(rows), np.bool_)
    if not cap.rolling:
        kept[order] = rank < most
    elif (rank >= most).any():
        kept[order] = _rolled(at_us[order], starts, most, SPANS_US[PERS.index(cap.per)])
    strangers: Marks = person == 0
    return kept | strangers


def _window(at_us: Ints, day: Ints, cap: Cap) -> Ints:
    """Return the number of the calendar window; months and lifetimes hold all that was logged."""
    if cap.per == "minute":
        return at_us // MINUTE_US
    if cap.per == "hour":
        return at_us // HOUR_US
    if cap.per == "day":
        return day
    return day // 7 if cap.per == "week" else np.zeros_like(day)


def _rolled(at_us: Ints, starts: Marks, most: int, span_us: int) -> list[bool]:
    """Walk in the order of persons and time; each remembers the last ads that it was shown."""
    shown: deque[int] = deque(maxlen=most)
    kept = []
    for now_us, begins in zip(at_us.tolist(), starts.tolist(), strict=True):
        if begins:
            shown.clear()
        fits = len(shown) < most or now_us - shown[0] >= span_us
        if fits:
            shown.append(now_us)
        kept.append(fits)
    return kept
