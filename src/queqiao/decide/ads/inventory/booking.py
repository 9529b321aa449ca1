"""What deals have booked of each day, and whether one more fits.

A deal takes its impressions from its placements and days in proportion to what they have to give,
which is also how it is delivered (``plan.py``). What is booked of a day is a whole number, and the
parts of a deal sum up to its promise exactly.
"""

from collections.abc import Iterable, Mapping
from itertools import accumulate
from typing import NamedTuple

from queqiao.decide.ads.inventory.availability import Calendar
from queqiao.decide.ads.inventory.deal import Deal
from queqiao.decide.ads.inventory.supply import days_between

Slot = tuple[str, str]
"""A placement and a day."""


class Full(NamedTuple):
    """A day on which a deal does not fit: what it would take there, and what is free."""

    placement: str
    day: str
    asked: int
    free: int


def spread(deal: Deal, calendar: Calendar) -> dict[Slot, int]:
    """Return the impressions of a guaranteed deal by placement and day.

    Days before today bring what was counted. Where nothing at all is expected, days are equal.
    """
    assert deal.from_day is not None
    assert deal.to_day is not None
    days = days_between(deal.from_day, deal.to_day)
    slots = [(placement, day) for placement in deal.placements for day in days]
    weights = [calendar.on(*slot).expected for slot in slots]
    return dict(zip(slots, shared(deal.impressions or 0, weights), strict=True))


def shared(amount: int, weights: list[int]) -> list[int]:
    """Return whole parts of an amount in proportion to weights, which sum up to it."""
    if not any(weights):
        weights = [1] * len(weights)
    total = sum(weights)
    ends = [amount * upto // total for upto in accumulate(weights)]
    return [end - start for start, end in zip([0, *ends[:-1]], ends, strict=True)]


def booked(deals: Iterable[Deal], calendar: Calendar) -> dict[Slot, int]:
    """Return what guaranteed deals have booked, by placement and day."""
    found: dict[Slot, int] = {}
    for deal in deals:
        if deal.kind == "guaranteed":
            for slot, count in spread(deal, calendar).items():
                found[slot] = found.get(slot, 0) + count
    return found


def overbooked(deal: Deal, others: Mapping[Slot, int], calendar: Calendar) -> list[Full]:
    """Return the days to come on which a deal asks for more than is free, in their order."""
    wanted = spread(deal, calendar)
    found = []
    for (placement, day), asked in wanted.items():
        if day < calendar.today:
            continue
        free = max(0, calendar.on(placement, day).expected - others.get((placement, day), 0))
        if asked > free:
            found.append(Full(placement, day, asked, free))
    return sorted(found, key=lambda one: (one.day, one.placement))


def most_free(deal: Deal, others: Mapping[Slot, int], calendar: Calendar) -> int:
    """Return how many of a deal's impressions its placements and days have free."""
    expected = {slot: calendar.on(*slot).expected for slot in spread(deal, calendar)}
    total = sum(expected.values())
    bounds = [
        max(0, there - others.get(slot, 0)) * total // there
        for slot, there in expected.items()
        if there and slot[1] >= calendar.today
    ]
    return min([deal.impressions or 0, *bounds]) if bounds else 0
