"""Who may see what: an index per placement in which a campaign is a bit.

A fact (a segment of the shopper, the channel) maps to the integer whose bits are the campaigns that
it satisfies; a clause is the OR of its facts, a match the AND of the clauses. The bits stand in
the order of the score, best first, so the winner is among the lowest set bits: a decision looks
at the few campaigns in front, not at all of them. What expressions say comes as bits too, from a
matcher that knows nothing of scores and changes with the campaigns.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Literal

import numpy as np
from msgspec import Struct

from queqiao.decide.ads.auction import FULL_PERCENT, Bid
from queqiao.decide.ads.contracts import Campaign
from queqiao.decide.ads.inventory.page import Page
from queqiao.decide.ads.promises.standing import Gone
from queqiao.decide.ads.targeting.bits import integer_of, rows_of
from queqiao.decide.ads.targeting.block import Compiled
from queqiao.decide.ads.targeting.matcher import Matcher
from queqiao.decide.ads.targeting.situation import Situation
from queqiao.decide.ads.targeting.tree import Verdict, holds, judge

FOREVER_US = 1 << 62

PART_BITS = 240
"""Bits that are walked over at a time."""
_PART = (1 << PART_BITS) - 1

Reason = Literal[
    "segment",
    "channel",
    "expression",
    "not_started",
    "ended",
    "budget",
    "wallet",
    "frequency",
    "pacing",
    "already_shown",
    "below_floor",
    "exclusion",
    "booked",
    "not_planned",
    "house",
    Gone,
]
"""Why a campaign was not asked. ``budget``: what is free of the day's budget is too little;
``wallet``: what is free of the advertiser's wallet, or of the month's credit; ``frequency``: the
person has seen as much as a cap allows; ``pacing``: it takes part in a share of auctions only;
``below_floor``: a rule asks more; ``exclusion``: a rival is on the page; ``booked``: a deal took
the slot; ``not_planned``: no deal of it asked for the slot; ``house``: it shows where nothing else
does; ``Gone``: what it promises cannot be kept (``promises/``)."""


class Facts(Struct, frozen=True):
    """What is known of the shopper and the moment; ``situation`` is what expressions read.

    ``page`` is what the request has shown so far, ``device`` the type of the shopper's.
    """

    segments: frozenset[str]
    channel: str
    now_us: int
    told: Situation | None = None
    device: str = ""
    page: Page | None = None

    @property
    def situation(self) -> Situation:
        """What expressions read: without anything told, the moment alone."""
        return self.told or Situation({"now": ()}, self.now_us)


class Entry(Struct, frozen=True):
    """One live campaign, or one of its ad groups, in one placement, with its expression if any."""

    bid: Bid
    campaign: Campaign
    starts_us: int
    ends_us: int
    expression: Compiled | None = None

    def is_on(self, now_us: int) -> bool:
        """Say whether a moment lies between its start and its end."""
        return self.starts_us <= now_us < self.ends_us

    def verdict(self, facts: Facts) -> Verdict | None:
        """Return what the expression says, and which clause of it; None without one."""
        return judge(self.expression.node, facts.situation) if self.expression else None


class Index:
    """The live campaigns of one placement, best score first.

    What an index before it knew of expressions is taken over, so that a change costs what changed.
    """

    def __init__(self, entries: Iterable[Entry], before: "Index | None" = None) -> None:
        order = sorted(entries, key=lambda entry: (-entry.bid.score, entry.bid.name))
        self.entries: Sequence[Entry] = tuple(order)
        self.position = {entry.bid.name: bit for bit, entry in enumerate(order)}
        self._named = _bits_by_name(order)
        self._scores = [entry.bid.score for entry in order]
        self._all = (1 << len(order)) - 1
        self._by_impression = sum(
            1 << bit for bit, entry in enumerate(order) if entry.bid.pricing == "cpm"
        )
        self._segments = _Clause([entry.campaign.targeting.segments_any for entry in order])
        self._channels = _Clause([entry.campaign.targeting.channels_any for entry in order])
        self.expressions: _Expressions = _Expressions(order, before.expressions if before else None)

    @property
    def segments(self) -> Collection[str]:
        """The segments that any campaign here asks for."""
        return self._segments.facts

    def match(self, facts: Facts, out: Iterable[str] = ()) -> int:
        """Return the bits of what may show, without the campaigns and ad groups named in ``out``.

        The time window is not in the bits: ``front`` looks at it.
        """
        bits = self._segments.match(facts.segments) & self._channels.match((facts.channel,))
        if bits and self.expressions.fields:
            bits &= self.expressions.match(facts.situation)
        return bits & ~self.bits_of(out) if out else bits

    def bits_of(self, names: Iterable[str]) -> int:
        """Return the bits of campaigns, with all their ad groups, and of bids, by their names."""
        bits = 0
        for name in names:
            bits |= self._named.get(name, 0)
        return bits

    def walk(self, bits: int) -> Iterator[Entry]:
        """Yield the entries of the set bits, best first."""
        return map(self.entries.__getitem__, _places(bits))

    def front(self, bits: int, now_us: int, percent: int = FULL_PERCENT) -> list[Bid]:
        """Return the bids that decide the auction: all of the best score and of the next one.

        The next one is another campaign's: none bids against itself. In a slot that gets fewer
        clicks (``percent``), bids for impressions and all others keep their order among themselves.
        """
        if percent != FULL_PERCENT and (by_impression := bits & self._by_impression):
            return self.front(by_impression, now_us) + self.front(bits ^ by_impression, now_us)
        front: list[Bid] = []
        is_decided, last = False, 0
        for bit in _places(bits):
            entry = self.entries[bit]
            if not entry.starts_us <= now_us < entry.ends_us:
                continue
            if is_decided and self._scores[bit] != last:
                break
            bid, last = entry.bid, self._scores[bit]
            front.append(bid)
            is_decided = is_decided or bid.campaign_id != front[0].campaign_id
        return front

    def entry(self, name: str) -> Entry:
        """Return the entry of a bid's name."""
        return self.entries[self.position[name]]

    def others(self, bits: int) -> int:
        """Return the bits that are not in ``bits``."""
        return self._all & ~bits

    def why_not(self, entry: Entry, facts: Facts) -> Reason | None:
        """Return the first clause that keeps an entry out, None when none does."""
        targeting = entry.campaign.targeting
        if targeting.segments_any and facts.segments.isdisjoint(targeting.segments_any):
            return "segment"
        if targeting.channels_any and facts.channel not in targeting.channels_any:
            return "channel"
        if entry.expression is not None and not holds(entry.expression.node, facts.situation):
            return "expression"
        if facts.now_us < entry.starts_us:
            return "not_started"
        return "ended" if facts.now_us >= entry.ends_us else None


def _places(bits: int) -> Iterator[int]:
    """Yield which bits are set, the lowest first.

    A part at a time: with thousands of bits, each step on all of them would cost a microsecond.
    """
    first = 0
    while bits:
        part = bits & _PART
        while part:
            lowest = part & -part
            yield first + lowest.bit_length() - 1
            part ^= lowest
        bits >>= PART_BITS
        first += PART_BITS
        if bits and not bits & _PART:
            skipped = (bits & -bits).bit_length() - 1
            bits >>= skipped
            first += skipped


def _bits_by_name(order: Sequence[Entry]) -> dict[str, int]:
    """Return what a name leaves out: a campaign all its entries, a bid's name that one."""
    found: dict[str, int] = {}
    for bit, entry in enumerate(order):
        for name in {entry.bid.campaign_id, entry.bid.name}:
            found[name] = found.get(name, 0) | 1 << bit
    return found


class _Clause:
    """One clause of all campaigns: which bits each fact satisfies, and which ask for nothing."""

    def __init__(self, asked: Sequence[Sequence[str]]) -> None:
        self.facts: dict[str, int] = {}
        self._content = 0
        for bit, names in enumerate(asked):
            if not names:
                self._content |= 1 << bit
            for name in names:
                self.facts[name] = self.facts.get(name, 0) | 1 << bit

    def match(self, facts: Collection[str]) -> int:
        bits = self._content
        for fact in facts:
            found = self.facts.get(fact)
            if found is not None:
                bits |= found
        return bits


class _Expressions:
    """What expressions say, as bits in the order of the score."""

    def __init__(self, order: Sequence[Entry], before: "_Expressions | None") -> None:
        asking = {e.expression.id: e.expression for e in order if e.expression is not None}
        self._by_id = asking
        self._matcher = before.following(asking) if before else Matcher(asking.values())
        self._silent = sum(1 << bit for bit, e in enumerate(order) if e.expression is None)
        self._length = len(order)
        position = {entry.bid.name: bit for bit, entry in enumerate(order)}
        self._bits_of_rows = [
            np.array([position.get(each.id, 0) for each in part.block.entries], np.intp)
            for part in self._matcher.parts
        ]
        self.fields = frozenset().union(*(each.fields for each in asking.values()))

    def following(self, asking: Mapping[str, Compiled]) -> Matcher:
        """Return the matcher of other expressions, of which most are those that are here."""
        put = [each for name, each in asking.items() if self._by_id.get(name) is not each]
        matcher = self._matcher.changed(put, self._by_id.keys() - asking.keys())
        return matcher.merged() if matcher.wants_merge else matcher

    def match(self, situation: Situation) -> int:
        """Return the bits of campaigns whose expressions hold, or that have none."""
        found = situation.answers.get(self)
        if found is None:
            found = situation.answers[self] = self._silent | self._match(situation)
        return found

    def _match(self, situation: Situation) -> int:
        marks = np.zeros(self._length, np.bool_)
        matched = self._matcher.match(situation)
        for (_, bits), places in zip(matched.parts, self._bits_of_rows, strict=True):
            marks[places[rows_of(bits)]] = True
        return integer_of(marks)
