"""What a click costs at least: the placement's floor, or the highest rule that holds.

The highest, not the first: so the order of the rules says nothing, and a rule that is added never
makes an ad cheaper. A learned floor is one more of them, but for a share of the moments, in which
what lower bids would bring is seen.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from queqiao.decide.ads.auction import fortune
from queqiao.decide.ads.contracts import Placement
from queqiao.decide.ads.inventory.document import FloorRule
from queqiao.decide.ads.targeting.bits import integer_of
from queqiao.decide.ads.targeting.index import Entry, Facts
from queqiao.decide.ads.targeting.times import DAY_MINUTES, Span, grid_span, moment
from queqiao.kernel.money import MINOR_MAX


class Floor(NamedTuple):
    """A floor for a click, and which field of the placement's document asks for it."""

    minor: int
    rule: str


class _Rule(NamedTuple):
    floor: Floor
    segments: frozenset[str]
    devices: frozenset[str]
    channels: frozenset[str]
    hours: Span | None

    def holds(self, facts: Facts) -> bool:
        if self.segments and self.segments.isdisjoint(facts.segments):
            return False
        if self.devices and facts.device not in self.devices:
            return False
        if self.channels and facts.channel not in self.channels:
            return False
        return self.hours is None or self.hours.holds(moment(facts.now_us, self.hours.zone))


class Floors:
    """The floors of one placement, and which of its campaigns reach each, as bits of its index."""

    def __init__(
        self,
        placement: Placement,
        zone: str,
        entries: Sequence[Entry],
        learned: Sequence[int] = (),
    ) -> None:
        self._base = Floor(placement.floor_minor, "floor_minor")
        rules = (_rule(rule, f"floors[{at}]", zone) for at, rule in enumerate(placement.floors))
        above = (rule for rule in rules if rule.floor.minor > placement.floor_minor)
        self._rules = sorted(above, key=lambda rule: -rule.floor.minor)
        self.segments: frozenset[str] = frozenset().union(*(rule.segments for rule in self._rules))
        self.asks_device = any(rule.devices for rule in self._rules)
        self._learned = _Learned(placement, zone, learned)
        asked = {rule.floor.minor for rule in self._rules} | set(self._learned.by_hour)
        self._reached = _reached(asked, entries)

    def at(self, facts: Facts) -> Floor:
        """Return the floor for a shopper at a moment."""
        found = self._base
        if self._rules:
            found = next((rule.floor for rule in self._rules if rule.holds(facts)), found)
        learned_minor = self._learned.at(facts.now_us) if self._learned.by_hour else 0
        return Floor(learned_minor, "dynamic_floor") if learned_minor > found.minor else found

    def reached(self, floor: Floor) -> int:
        """Return the bits of the campaigns whose bids reach a floor; the base one all reach."""
        return self._reached.get(floor.minor, -1)


class _Learned:
    """What was learned for a placement that asks for it: a floor by hour of the shop's day."""

    def __init__(self, placement: Placement, zone: str, by_hour: Sequence[int]) -> None:
        asked = placement.dynamic_floor
        self.by_hour: Sequence[int] = ()
        self._zone, self._explore_percent, self._name = zone, 0, placement.name
        if asked is not None and by_hour:
            most = MINOR_MAX if asked.max_minor is None else asked.max_minor
            self.by_hour = [min(each, most) for each in by_hour]
            self._explore_percent = asked.explore_percent

    def at(self, now_us: int) -> int:
        """Return the floor at a moment, 0 where it is left out to see lower bids.

        The microseconds of a moment are as good as a draw, and are in the record.
        """
        if fortune(now_us, self._name) % 100 < self._explore_percent:
            return 0
        return self.by_hour[moment(now_us, self._zone).minute % DAY_MINUTES // 60]


def _rule(rule: FloorRule, path: str, zone: str) -> _Rule:
    return _Rule(
        Floor(rule.floor_minor, path),
        frozenset(rule.segments_any),
        frozenset(rule.devices_any),
        frozenset(rule.channels_any),
        grid_span(zone, rule.hours) if rule.hours else None,
    )


def _reached(floors: Iterable[int], entries: Sequence[Entry]) -> dict[int, int]:
    worths = (min(entry.bid.click_minor, MINOR_MAX) for entry in entries)
    clicks = np.fromiter(worths, np.int64, len(entries))
    return {floor: integer_of(clicks >= floor) for floor in floors}
