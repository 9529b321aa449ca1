"""What offers still lack: to give at all, or to give more."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from queqiao.decide.promotions.offers import Offer
from queqiao.decide.promotions.pricing.outcomes import Priced, Unmet
from queqiao.decide.promotions.reasons import ShortfallUnit

GOODS_UNITS = ("minor", "unit", "kind")
"""Shortfalls that goods can fill: money, units, different SKUs."""


class Step(NamedTuple):
    """How much an offer lacks to its next step: in minor units, units of goods, or kinds."""

    offer: Offer
    missing: int
    unit: ShortfallUnit


def steps(priced: Priced, around: Iterable[Unmet], nearly: Iterable[Unmet]) -> Iterator[Step]:
    """Yield what more goods would bring to a next step, one step an offer.

    ``around``: rewards that are not given; ``nearly``: offers that miss their condition.
    """
    known: set[str] = set()
    for step in (*_of_unmet((*priced.unmet, *around, *nearly)), *_of_applied(priced)):
        if step.offer.id not in known:
            known.add(step.offer.id)
            yield step


def _of_unmet(unmet: Iterable[Unmet]) -> Iterator[Step]:
    for one in unmet:
        if one.shortfall is not None and one.shortfall_unit in GOODS_UNITS:
            yield Step(one.placed.offer, one.shortfall, one.shortfall_unit)


def _of_applied(priced: Priced) -> Iterator[Step]:
    for applied in priced.applied:
        step = applied.placed.offer.benefit.next_step(applied.base, applied.quantity)
        if step is not None:
            yield Step(applied.placed.offer, step.shortfall, step.unit)
