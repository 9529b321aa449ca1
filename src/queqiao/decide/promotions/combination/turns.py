"""Turns: offers in their order, where those that compete for the same units have one together."""

from collections.abc import Iterator, Sequence
from math import comb, prod
from typing import NamedTuple

from queqiao.decide.promotions.basket import Basket
from queqiao.decide.promotions.combination.parts import joined
from queqiao.decide.promotions.pricing.outcomes import Placed

WAYS_MAX = 65_536
"""Ways to share units out, roughly counted, that are tried one by one; else bounds are needed."""

WAYS_MAX_OF_TOTALS = 64
"""The same where all that comes after reads one total: there bounds are close, and sooner found."""


class Turn(NamedTuple):
    """One offer, or several that compete for units.

    ``bits``: one for each of the items, among all that are searched. ``shares``: it may be chosen
    which units they take; ``is_few``: in so few ways that each may be tried. Offers that take units
    but go by their own rule only are not ``is_whole``: other choices than theirs are not tried.
    """

    items: tuple[Placed, ...]
    bits: tuple[int, ...]
    shares: bool = False
    is_few: bool = True
    is_whole: bool = True


class Touching(NamedTuple):
    """An offer, the bits of the lines that it touches or reads, and whether it takes units."""

    item: Placed
    lines: int
    takes: bool


def turns_of(offers: Sequence[Touching], basket: Basket, ways_max: int = WAYS_MAX) -> list[Turn]:
    """Return the turns of offers that stand in their order.

    Competitors have the place of the first of them, where no other offer on their goods stands
    between; else each goes by its own rule.
    """
    rivals = {places[0]: places for places in _rivals(offers)}
    together = {place for places in rivals.values() for place in places}
    turns: list[Turn] = []
    for place, offer in enumerate(offers):
        if place in rivals:
            turns += _of_rivals(offers, rivals[place], basket, ways_max)
        elif place not in together:
            turns.append(Turn((offer.item,), (1 << place,)))
    order = {id(offer.item): place for place, offer in enumerate(offers)}
    return sorted(turns, key=lambda turn: order[id(turn.items[0])])


def _rivals(offers: Sequence[Touching]) -> Iterator[list[int]]:
    """Yield the places of offers of one layer that compete for units, in their order."""
    layers = dict.fromkeys(offer.item.offer.layer for offer in offers if offer.takes)
    for layer in layers:
        mine = [
            place
            for place, offer in enumerate(offers)
            if offer.takes and offer.item.offer.layer == layer
        ]
        for part in joined([offers[place].lines for place in mine]):
            yield [mine[number] for number in sorted(part)]


def _of_rivals(
    offers: Sequence[Touching], places: Sequence[int], basket: Basket, ways_max: int
) -> Iterator[Turn]:
    if _is_crossed(offers, places):
        for place in places:
            yield Turn((offers[place].item,), (1 << place,), is_whole=False)
        return
    items = tuple(offers[place].item for place in places)
    bits = tuple(1 << place for place in places)
    is_few = _ways([offers[place].lines for place in places], basket) <= ways_max
    yield Turn(items, bits, shares=True, is_few=is_few)


def _is_crossed(offers: Sequence[Touching], places: Sequence[int]) -> bool:
    """Say whether another offer on the same goods has its turn between competitors."""
    lines = 0
    for place in places:
        lines |= offers[place].lines
    between = set(range(places[0], places[-1])).difference(places)
    return any(offers[place].lines & lines for place in between)


def _ways(touched: Sequence[int], basket: Basket) -> int:
    """Return about how many ways there are to share the units of all lines out."""
    return prod(
        comb(units + rivals, rivals)
        for line, units in enumerate(basket.quantities)
        if (rivals := sum(lines >> line & 1 for lines in touched))
    )
