"""Pricing: offers applied to a basket in order, to the last minor unit. Pure and deterministic."""

from collections.abc import Sequence
from typing import NamedTuple

from msgspec import Struct

from queqiao.decide.promotions.basket import Basket
from queqiao.decide.promotions.documents.profile import Profile
from queqiao.decide.promotions.offers import Offer
from queqiao.decide.promotions.reasons import Reason, ShortfallUnit
from queqiao.decide.promotions.requirement import Requirement
from queqiao.decide.promotions.rounding import divider
from queqiao.decide.promotions.sharing import spread, spread_of, spread_within


class Placed(Struct, frozen=True, gc=False):
    """An offer that matches, the lines in its scope (places in the basket), and its code.

    ``requirement`` is what its condition still asks when its turn comes.
    """

    offer: Offer
    lines: Sequence[int]
    code: str | None = None
    requirement: Requirement | None = None


class Applied(Struct, frozen=True, gc=False):
    """What one offer gave on goods that cost ``base``: in all, and on each of its lines."""

    placed: Placed
    base: int
    amount: int
    parts: Sequence[int]


class Unmet(Struct, frozen=True, gc=False):
    """Why a placed offer gave nothing; ``shortfall`` is in minor units, or in units of goods."""

    placed: Placed
    reason: Reason
    shortfall: int | None = None
    shortfall_unit: ShortfallUnit | None = None


class Priced(NamedTuple):
    """The outcome: ``running`` is what each line still costs."""

    discount: int
    running: list[int]
    applied: list[Applied]
    unmet: list[Unmet]


class Till:
    """What each line still costs, and how an offer's discount is taken from it."""

    __slots__ = (
        "_basis",
        "_divide",
        "_floors",
        "_is_plain",
        "_profile",
        "_quantities",
        "_remainder",
        "running",
    )

    def __init__(self, basket: Basket, profile: Profile) -> None:
        self.running = list(basket.totals)
        runs = profile.base == "running"
        self._basis: Sequence[int] = self.running if runs else basket.totals
        self._floors = basket.floors or (0,) * len(self.running)
        self._is_plain = runs and basket.floors is None
        self._quantities = basket.quantities
        self._divide = divider(profile.rounding)
        self._remainder = profile.remainder
        self._profile = profile

    def take(self, item: Placed) -> Applied | Unmet:
        """Take one offer's discount, or say why it gives none."""
        unmet = None if item.requirement is None else item.requirement.unmet(self)
        return self._take(item) if unmet is None else Unmet(item, *unmet)

    def _take(self, item: Placed) -> Applied | Unmet:
        offer, lines, basis = item.offer, item.lines, self._basis
        if len(lines) == 1:
            weights: Sequence[int] = ()
            base = basis[lines[0]]
        else:
            weights = basis if len(lines) == len(basis) else [basis[index] for index in lines]
            base = sum(weights)
        if base < offer.subtotal_at_least:
            return Unmet(item, "subtotal_below", offer.subtotal_at_least - base, "minor")
        if offer.quantity_at_least and (missing := self._missing(item)) > 0:
            return Unmet(item, "quantity_below", missing, "unit")
        amount = offer.benefit.discount(base, self._divide)
        if not amount:
            return _nothing(item, base)
        if not self._is_plain:
            return self._take_in_room(item, base, amount, weights or (base,))
        if len(lines) == 1:
            self.running[lines[0]] -= amount
            return Applied(item, base, amount, (amount,))
        return self._taken(item, base, spread_of(amount, weights, base, self._remainder))

    def still_costs(self, lines: Sequence[int]) -> int:
        """Return what these lines cost in all just now."""
        running = self.running
        return sum([running[index] for index in lines])

    def _missing(self, item: Placed) -> int:
        quantity = sum([self._quantities[index] for index in item.lines])
        return item.offer.quantity_at_least - quantity

    def _take_in_room(
        self, item: Placed, base: int, amount: int, weights: Sequence[int]
    ) -> Applied | Unmet:
        """Take where lines have floors, or where the weights are not what the lines still cost."""
        rooms = [self.running[index] - self._floors[index] for index in item.lines]
        if self._profile.minimum_price == "redistribute":
            parts = spread_within(min(amount, sum(rooms)), weights, rooms, self._remainder)
        else:
            parts = [
                min(pair)
                for pair in zip(spread(amount, weights, self._remainder), rooms, strict=True)
            ]
        return self._taken(item, base, parts) if any(parts) else Unmet(item, "nothing_left")

    def _taken(self, item: Placed, base: int, parts: list[int]) -> Applied:
        running = self.running
        for index, part in zip(item.lines, parts, strict=True):
            running[index] -= part
        return Applied(item, base, sum(parts), parts)


def _nothing(item: Placed, base: int) -> Unmet:
    """Say why a benefit gives nothing on ``base``: a tier is not reached, or nothing is left."""
    step = item.offer.benefit.next_step(base)
    if step is None or not base:
        return Unmet(item, "nothing_left")
    return Unmet(item, "subtotal_below", step - base, "minor")


def price(basket: Basket, placed: Sequence[Placed], profile: Profile) -> Priced:
    """Apply the offers in the order given, as the profile says. Never below floors or 0."""
    unmet: list[Unmet] = []
    applied: list[Applied] = []
    till = Till(basket, profile)
    alone = False
    for item in _first_alone(basket, placed, profile, unmet):
        if alone:
            unmet.append(Unmet(item, "exclusive_alone"))
            continue
        exclusive = item.offer.exclusive
        if exclusive and applied:
            unmet.append(Unmet(item, "exclusive_after_others"))
            continue
        given = till.take(item)
        if isinstance(given, Applied):
            applied.append(given)
            alone = exclusive
        else:
            unmet.append(given)
    return Priced(basket.subtotal - sum(till.running), till.running, applied, unmet)


def _first_alone(
    basket: Basket, placed: Sequence[Placed], profile: Profile, unmet: list[Unmet]
) -> Sequence[Placed]:
    """Return the first exclusive offer that gives something alone, if the profile says so."""
    if profile.exclusivity != "first_exclusive_wins":
        return placed
    for item in placed:
        if item.offer.exclusive and gives(item, basket, profile):
            unmet += [Unmet(other, "exclusive_alone") for other in placed if other is not item]
            return (item,)
    return placed


def gives(item: Placed, basket: Basket, profile: Profile) -> bool:
    """Say whether an offer gives anything when it is applied first."""
    return isinstance(Till(basket, profile).take(item), Applied)
