"""Which past opportunities a campaign would have won at a bid, what they would cost, for whom.

The auction is that of ``auction.py``: the best worth (of an impression, by the bid) wins, and pays
the least with which it still wins, at least the floor, or its bid in ``first_price``. Equal worths
are won half the time.
"""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from queqiao.decide.ads.auction import FULL_PERCENT, QUALITY_UNIT, THOUSAND, Pricing
from queqiao.decide.ads.caps.document import PERS, Cap
from queqiao.decide.ads.caps.windows import SPANS_US
from queqiao.decide.ads.click_rate import RATE_UNIT
from queqiao.decide.ads.forecast.opportunities import Floats, Ints, Marks, Opportunities
from queqiao.kernel.clock import HOUR_US, MINUTE_US


class Offer(NamedTuple):
    """What a campaign bids for, and the rates by which the auction takes it there, by place:
    of clicks, and of conversions of clicks, in parts of RATE_UNIT."""

    pricing: Pricing
    quality: int
    clicks: Sequence[int]
    conversions: Sequence[int]


class Field(NamedTuple):
    """Opportunities of an audience, and what it takes to win each.

    ``to_beat_minor`` is the worth of the best rival; ``weight`` what one minor unit of the bid is
    worth in that slot, ``floor_bid_minor`` the least bid that the floor lets in.
    """

    found: Opportunities
    to_beat_minor: Floats
    weight: Floats
    floor_bid_minor: Floats


class Won(NamedTuple):
    """Opportunities that are won: their rows, how surely (1 or ½), and the price in the unit of
    the bid."""

    rows: Ints
    surely: Floats
    price_minor: Floats


def field(found: Opportunities, offer: Offer, floors: Sequence[int], own: str | None) -> Field:
    """Return the contest; a campaign is no rival of its own. ``floors`` are those of the places'
    documents: where a house ad stood, the log has none."""
    number = found.campaigns.index(own) if own in found.campaigns else -2
    to_beat = np.where(found.first == number, found.second_worth, found.first_worth)
    clicks = _by_row(found, [rate / RATE_UNIT for rate in offer.clicks])
    conversions = _by_row(found, [rate / RATE_UNIT for rate in offer.conversions])
    floor = np.maximum(found.floor_minor, _by_row(found, floors))
    here = clicks * found.percent / FULL_PERCENT
    quality = offer.quality / QUALITY_UNIT
    if offer.pricing == "cpm":
        weight, floor = np.full(len(found), quality / THOUSAND), floor * clicks * THOUSAND
    elif offer.pricing == "cpc":
        weight = here * quality
    else:
        weight, floor = here * conversions * quality, floor / np.maximum(conversions, 1e-9)
    return Field(found, to_beat, weight, np.ceil(np.round(floor, 6)))


def _by_row(found: Opportunities, by_place: Sequence[float]) -> Floats:
    values: Floats = np.array([*by_place, 0.0])[found.place]
    return values


def won(contest: Field, bid_minor: int) -> Won:
    """Return what a bid wins: of each request one slot in a place at most, the first it can."""
    worth = bid_minor * contest.weight
    beats = bid_minor >= contest.floor_bid_minor
    beats &= (worth >= contest.to_beat_minor) & (contest.weight > 0)
    rows = _first_of_requests(contest.found.request, np.flatnonzero(beats))
    to_beat = contest.to_beat_minor[rows]
    least = np.ceil(np.round(to_beat / contest.weight[rows], 6))
    price = np.minimum(np.maximum(least, contest.floor_bid_minor[rows]), bid_minor)
    price = np.where(contest.found.is_first_price[rows] == 1, bid_minor, price)
    return Won(rows, np.where(worth[rows] > to_beat, 1.0, 0.5), price)


def _first_of_requests(request: Ints, rows: Ints) -> Ints:
    _, first = np.unique(request[rows], return_index=True)
    return rows[np.sort(first)]


def capped(ads: Won, found: Opportunities, day: Ints, caps: Sequence[Cap], times: int = 1) -> Won:
    """Leave out what a person may not see any more."""
    if not caps:
        return ads
    rows = within_caps(Views(found.person, found.at_us, day), ads.rows, caps, times)
    kept = np.isin(ads.rows, rows)
    return Won(rows, ads.surely[kept], ads.price_minor[kept])


class Views(NamedTuple):
    """Who would see an ad, when, and on which business day (numbered)."""

    person: Ints
    at_us: Ints
    day: Ints


def within_caps(views: Views, rows: Ints, caps: Sequence[Cap], times: int) -> Ints:
    """Return those of ``rows`` that caps let a person see; somebody without an id has no cap.

    A cap of creatives holds ``times`` as often: for each of them.
    Caps of groups and above count this campaign alone.
    """
    for cap in caps:
        most = cap.times * (times if cap.level == "creative" else 1)
        rows = rows[_within(Views(*(column[rows] for column in views)), cap, most)]
    return rows


def _within(views: Views, cap: Cap, most: int) -> Marks:
    person, at_us, day = views
    window = np.zeros(len(person), np.int64) if cap.rolling else _window(at_us, day, cap)
    order = np.lexsort((at_us, window, person))
    starts = np.ones(len(person), np.bool_)
    starts[1:] = (np.diff(person[order]) != 0) | (np.diff(window[order]) != 0)
    place = np.arange(len(person))
    rank = place - np.maximum.accumulate(np.where(starts, place, 0))
    kept = np.ones(len(person), np.bool_)
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
