"""Who may see what: an index per placement in which a campaign is a bit.

A fact (a segment of the shopper, the channel) maps to the integer whose bits are the campaigns that
it satisfies; a clause is the OR of its facts, a match the AND of the clauses. The bits stand in
the order of the score, best first, so the winner is among the lowest set bits: a decision looks
at the few campaigns in front, not at all of them.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Literal

from msgspec import Struct

from queqiao.decide.ads.auction import Bid
from queqiao.decide.ads.contracts import Campaign

FOREVER_US = 1 << 62

Reason = Literal["segment", "channel", "not_started", "ended", "budget", "already_shown"]
"""Why a campaign was not asked. ``budget``: what is free of the day's budget is too little."""


class Facts(Struct, frozen=True):
    """What is known of the shopper and the moment."""

    segments: frozenset[str]
    channel: str
    now_us: int


class Entry(Struct, frozen=True):
    """One live campaign in one placement."""

    bid: Bid
    campaign: Campaign
    starts_us: int
    ends_us: int


class Index:
    """The live campaigns of one placement, best score first."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        order = sorted(entries, key=lambda entry: (-entry.bid.score, entry.bid.campaign_id))
        self.entries: Sequence[Entry] = tuple(order)
        self.position = {entry.bid.campaign_id: bit for bit, entry in enumerate(order)}
        self._all = (1 << len(order)) - 1
        self._segments = _Clause([entry.campaign.targeting.segments_any for entry in order])
        self._channels = _Clause([entry.campaign.targeting.channels_any for entry in order])

    @property
    def segments(self) -> Collection[str]:
        """The segments that any campaign here asks for."""
        return self._segments.facts

    def match(self, facts: Facts, out: Iterable[str] = ()) -> int:
        """Return the bits of the campaigns that may show, leaving out those named in ``out``.

        The time window is not in the bits: ``front`` looks at it.
        """
        bits = self._segments.match(facts.segments) & self._channels.match((facts.channel,))
        for campaign_id in out:
            bit = self.position.get(campaign_id)
            if bit is not None:
                bits &= ~(1 << bit)
        return bits

    def walk(self, bits: int) -> Iterator[Entry]:
        """Yield the entries of the set bits, best first."""
        while bits:
            lowest = bits & -bits
            yield self.entries[lowest.bit_length() - 1]
            bits ^= lowest

    def front(self, bits: int, now_us: int) -> list[Bid]:
        """Return the bids that decide the auction: all of the best score and of the next one."""
        front: list[Bid] = []
        for entry in self.walk(bits):
            if not entry.starts_us <= now_us < entry.ends_us:
                continue
            if len(front) > 1 and entry.bid.score != front[-1].score:
                break
            front.append(entry.bid)
        return front

    def entry(self, campaign_id: str) -> Entry:
        """Return the entry of a campaign that is here."""
        return self.entries[self.position[campaign_id]]

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
        if facts.now_us < entry.starts_us:
            return "not_started"
        return "ended" if facts.now_us >= entry.ends_us else None


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
