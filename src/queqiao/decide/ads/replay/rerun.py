"""Auctions held again under a change: what stays as it was, and what may come otherwise.

A slot whose winner and price stay keeps what became of it, to the minor unit. Of the others, and of
all that a changed campaign wins, a row is kept: who wins now, and who wins without that one, since
its money or the person's patience may be at an end.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from queqiao.decide.ads.auction import FULL_PERCENT, Award, Bid, Pricing, run
from queqiao.decide.ads.forecast.opportunities import Ints, Marks, Words
from queqiao.decide.ads.replay.auctions import NOTHING_CAME, Logged, Outcome
from queqiao.decide.ads.replay.change import OUT, Entrant, NewFloor, Part
from queqiao.kernel.clock import MINUTE_US

PRICINGS: tuple[Pricing, ...] = ("cpc", "cpm", "cpa", "ocpm")
NOBODY = -1
STEP_US = 15 * MINUTE_US
"""The day is asked for once for so long: every zone's days begin at such a step."""


class Winner(NamedTuple):
    """Who wins a slot: the campaign (NOBODY for none), what for and at which price.

    ``is_logged``: it is who won it then, so what became of the ad is known.
    """

    campaign: int
    pricing: int
    price_minor: int
    is_logged: bool


class Row(NamedTuple):
    """A slot that may come otherwise. ``is_assumed``: the log does not say that it could."""

    at_us: int
    place: int
    person: int
    percent: int
    first: Winner
    second: Winner
    was: Outcome
    was_price_minor: int
    was_filled: bool
    is_assumed: bool


class Columns(NamedTuple):
    """Rows in the order of time, as columns; those of winners by turn: first, then second."""

    at_us: Ints
    place: Ints
    person: Ints
    percent: Ints
    campaign: tuple[Ints, Ints]
    pricing: tuple[Ints, Ints]
    price_minor: tuple[Ints, Ints]
    is_logged: tuple[Marks, Marks]
    was: Ints
    was_price_minor: Ints
    was_filled: Marks
    is_assumed: Marks

    def __len__(self) -> int:
        return len(self.at_us)


class Sums:
    """What became of ads, by campaign and place."""

    def __init__(self) -> None:
        self.by: dict[tuple[str, str], list[int]] = {}

    def add(self, campaign: str, place: str, outcome: Outcome) -> None:
        """Add one ad."""
        sums = self.by.setdefault((campaign, place), [0] * len(Outcome._fields))
        if outcome is NOTHING_CAME:
            return
        for at, count in enumerate(outcome):
            sums[at] += count

    def of(self, campaign: str | None = None, place: str | None = None) -> Outcome:
        """Return the sum over those of a campaign, in a place, each None for all."""
        found = [
            each
            for (theirs, there), each in self.by.items()
            if campaign in (None, theirs) and place in (None, there)
        ]
        return Outcome(*map(sum, zip(*found, strict=True))) if found else Outcome()


class Rerun:
    """Takes logged slots in, in the order of the log, and holds each auction again."""

    def __init__(
        self,
        entrant: Entrant | None,
        campaign: str,
        floor: NewFloor | None,
        day_of: Callable[[int], str],
    ) -> None:
        self._entrant = entrant
        self._own = campaign
        self._floor = floor
        self._day_of, self._day_until_us = day_of, 0
        self.days: set[str] = set()
        self.places, self.campaigns = Words(), Words()
        self.before, self.same = Sums(), Sums()
        """What became of all ads then, and of those that stay as they were."""
        self.slots = self.unequal = self.assumed = self.incomplete = 0
        self._rows: list[Row] = []
        self._page = _Page("")

    def take(self, slots: Iterable[Logged]) -> None:
        """Hold the auctions of some slots again."""
        for slot in slots:
            self.slots += 1
            if not self._day_until_us - STEP_US <= slot.at_us < self._day_until_us:
                self.days.add(self._day_of(slot.at_us))
                self._day_until_us = (slot.at_us // STEP_US + 1) * STEP_US
            if slot.winner:
                self.before.add(slot.winner, slot.place, slot.outcome)
            if slot.is_sold:
                self._again(slot)
            elif slot.winner:
                self.same.add(slot.winner, slot.place, slot.outcome)

    def _again(self, slot: Logged) -> None:
        if slot.request != self._page.request:
            self._page = _Page(slot.request)
        part = self._part(slot)
        if self._entrant and self._page.is_as_it_was and _decides_nothing(slot, part, self._own):
            self._page.show(slot, slot.winner)
            self.same.add(slot.winner, slot.place, slot.outcome)
            return
        bids, floor_minor = self._bids(slot, part), self._floor_of(slot)
        if bids is slot.auction.bids and floor_minor == slot.auction.floor_minor:
            first = self._check(slot)
        else:
            first = run(bids, floor_minor, slot.auction.draw, slot.auction.slot)
        self._page.show(slot, first.bid.campaign_id if first else "")
        wins = first is not None and first.bid.campaign_id == self._own
        if not wins and _is_as_it_was(slot, first):
            if slot.winner:
                self.same.add(slot.winner, slot.place, slot.outcome)
            return
        self._keep(slot, first, bids, floor_minor, is_assumed=part.is_assumed and wins)

    def _part(self, slot: Logged) -> Part:
        if self._entrant is None or self._own in self._page.shown:
            return OUT
        return self._entrant.part(slot)

    def _bids(self, slot: Logged, part: Part) -> Sequence[Bid]:
        bids = self._page.bids(slot.auction.bids)
        if self._entrant is None:
            return bids
        own = tuple(bid for bid in bids if bid.campaign_id == self._own)
        if own == part.bids:
            return bids
        return [*(bid for bid in bids if bid.campaign_id != self._own), *part.bids]

    def _floor_of(self, slot: Logged) -> int:
        floor, auction = self._floor, slot.auction
        if floor is None or slot.place != floor.place:
            return auction.floor_minor
        if auction.not_listed and floor.after_minor < floor.before_minor:
            self.incomplete += 1
        if auction.floor_rule == "floor_minor":
            return floor.after_minor
        return max(floor.after_minor, auction.floor_minor)

    def _check(self, slot: Logged) -> Award | None:
        """Return the award of the auction as it was logged, and count it where it differs."""
        auction = slot.auction
        award = run(auction.bids, auction.floor_minor, auction.draw, auction.slot)
        if not _is_as_it_was(slot, award):
            self.unequal += 1
        return award

    def _keep(
        self,
        slot: Logged,
        first: Award | None,
        bids: Sequence[Bid],
        floor_minor: int,
        *,
        is_assumed: bool,
    ) -> None:
        second = None
        if first is not None:
            rest = [bid for bid in bids if bid.campaign_id != first.bid.campaign_id]
            second = run(rest, floor_minor, slot.auction.draw, slot.auction.slot)
        self.assumed += is_assumed
        self._rows.append(
            Row(
                slot.at_us, self.places.of(slot.place), slot.person, slot.auction.slot.percent,
                self._winner(slot, first), self._winner(slot, second), slot.outcome,
                slot.price_minor, bool(slot.winner), is_assumed,
            )
        )  # fmt: skip

    def _winner(self, slot: Logged, award: Award | None) -> Winner:
        if award is None:
            return Winner(NOBODY, 0, 0, is_logged=False)
        bid = award.bid
        is_logged = bid.campaign_id == slot.winner and bid.pricing == slot.pricing
        number = self.campaigns.of(bid.campaign_id)
        return Winner(number, PRICINGS.index(bid.pricing), award.price_minor, is_logged)

    def columns(self) -> Columns:
        """Return the rows that were kept."""
        rows = sorted(self._rows, key=lambda row: row.at_us)

        def column(values: Iterable[float]) -> Ints:
            return np.fromiter(values, np.int64, len(rows))

        turns = ("first", "second")
        return Columns(
            column(row.at_us for row in rows),
            column(row.place for row in rows),
            column(row.person for row in rows),
            column(row.percent for row in rows),
            _both(column(getattr(row, turn).campaign for row in rows) for turn in turns),
            _both(column(getattr(row, turn).pricing for row in rows) for turn in turns),
            _both(column(getattr(row, turn).price_minor for row in rows) for turn in turns),
            _marks(column(getattr(row, turn).is_logged for row in rows) for turn in turns),
            np.array([row.was for row in rows], np.int64).reshape(-1, len(Outcome._fields)),
            column(row.was_price_minor for row in rows),
            column(row.was_filled for row in rows).astype(np.bool_),
            column(row.is_assumed for row in rows).astype(np.bool_),
        )


class _Page:
    """The slots of one request in one place so far: who was shown then, and who is shown now."""

    def __init__(self, request: str) -> None:
        self.request = request
        self.shown: set[str] = set()
        self._was_shown: dict[str, list[Bid]] = {}

    @property
    def is_as_it_was(self) -> bool:
        """Whether the same campaigns were shown so far."""
        return self.shown == self._was_shown.keys()

    def show(self, slot: Logged, winner: str) -> None:
        """Take in who won a slot, then and now (empty: nobody)."""
        if winner:
            self.shown.add(winner)
        if slot.winner:
            own = [bid for bid in slot.auction.bids if bid.campaign_id == slot.winner]
            self._was_shown[slot.winner] = own

    def bids(self, logged: Sequence[Bid]) -> Sequence[Bid]:
        """Return the bids for the next slot: nobody stands twice, and who was above is free."""
        if self.is_as_it_was:
            return logged
        freed = [bid for bids in self._was_shown.values() for bid in bids]
        there = [bid for bid in [*logged, *freed] if bid.campaign_id not in self.shown]
        return list(dict.fromkeys(there))


def _both(columns: Iterable[Ints]) -> tuple[Ints, Ints]:
    first, second = columns
    return first, second


def _marks(columns: Iterable[Ints]) -> tuple[Marks, Marks]:
    first, second = columns
    return first.astype(np.bool_), second.astype(np.bool_)


def _decides_nothing(slot: Logged, part: Part, own: str) -> bool:
    """Say whether a campaign stays too far behind to move winner or price, then and now.

    The best two are listed first, by their scores in a first slot.
    """
    bids = slot.auction.bids
    if len(bids) < 2 or slot.auction.slot.percent != FULL_PERCENT:
        return False
    if own in (bids[0].campaign_id, bids[1].campaign_id, slot.winner):
        return False
    if bids[0].campaign_id == bids[1].campaign_id or slot.winner != bids[0].campaign_id:
        return False
    least = bids[1].score
    return all(bid.score < least for bid in part.bids)


def _is_as_it_was(slot: Logged, award: Award | None) -> bool:
    if award is None:
        return not slot.winner
    return award.bid.campaign_id == slot.winner and award.price_minor == slot.price_minor
