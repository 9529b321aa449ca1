"""Pricing: offers applied to a basket in order, to the last minor unit. Pure and deterministic."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from msgspec import Struct

from queqiao.decide.promotions.basket import Basket
from queqiao.decide.promotions.documents import Profile
from queqiao.decide.promotions.offers import Offer
from queqiao.decide.promotions.rounding import Divide, divider
from queqiao.decide.promotions.sharing import spread, spread_of, spread_within

Reason = Literal[
    "subtotal_below",
    "quantity_below",
    "nothing_left",
    "exclusive_alone",
    "exclusive_after_others",
    "better_without",
    "not_started",
    "ended",
    "currency_differs",
    "channel_differs",
    "segment_missing",
    "no_goods_in_scope",
    "code_missing",
    "code_unknown",
    "code_not_started",
    "code_ended",
    "code_without_promotion",
]
"""Why a promotion or a code gives nothing; stable codes."""


class Placed(Struct, frozen=True, gc=False):
    """An offer that matches, the lines in its scope (places in the basket), and its code."""

    offer: Offer
    lines: Sequence[int]
    code: str | None = None


class Applied(Struct, frozen=True, gc=False):
    """What one offer gave on goods that cost ``base``: in all, and on each of its lines."""

    placed: Placed
    base: int
    amount: int
    parts: list[int]


class Unmet(Struct, frozen=True, gc=False):
    """Why a placed offer gave nothing; ``shortfall`` is in minor units, or in units of goods."""

    placed: Placed
    reason: Reason
    shortfall: int | None = None
    shortfall_unit: Literal["minor", "unit"] | None = None


class Priced(NamedTuple):
    """The outcome: ``running`` is what each line still costs."""

    discount: int
    running: list[int]
    applied: list[Applied]
    unmet: list[Unmet]


def price(basket: Basket, placed: Sequence[Placed], profile: Profile) -> Priced:
    """Apply the offers in the order given, as the profile says. Never below floors or 0."""
    unmet: list[Unmet] = []
    applied: list[Applied] = []
    running = list(basket.totals)
    divide = divider(profile.rounding)
    alone: Placed | None = None
    for item in _first_alone(basket, placed, profile, unmet):
        if alone is not None:
            unmet.append(Unmet(item, "exclusive_alone"))
        elif item.offer.exclusive and applied:
            unmet.append(Unmet(item, "exclusive_after_others"))
        else:
            given = _apply(item, basket, running, profile, divide)
            if isinstance(given, Unmet):
                unmet.append(given)
                continue
            applied.append(given)
            alone = item if item.offer.exclusive else None
    return Priced(basket.subtotal - sum(running), running, applied, unmet)


def _apply(
    item: Placed, basket: Basket, running: list[int], profile: Profile, divide: Divide
) -> Applied | Unmet:
    """Take one offer's discount from ``running``, or say why it gives none."""
    offer, lines = item.offer, item.lines
    basis: Sequence[int] = running if profile.base == "running" else basket.totals
    if len(lines) == 1:
        weights: Sequence[int] = ()
        base = basis[lines[0]]
    else:
        weights = basis if len(lines) == len(basis) else [basis[index] for index in lines]
        base = sum(weights)
    if base < offer.subtotal_at_least:
        return Unmet(item, "subtotal_below", offer.subtotal_at_least - base, "minor")
    if offer.quantity_at_least:
        quantity = sum([basket.quantities[index] for index in lines])
        if quantity < offer.quantity_at_least:
            return Unmet(item, "quantity_below", offer.quantity_at_least - quantity, "unit")
    amount = offer.benefit.discount(base, divide)
    if not amount:
        return _nothing(item, base)
    if basket.floors is None and basis is running:
        if len(lines) == 1:
            running[lines[0]] -= amount
            return Applied(item, base, amount, [amount])
        parts = spread_of(amount, weights, base, profile.remainder)
    else:
        floors = basket.floors or (0,) * len(running)
        rooms = [running[index] - floors[index] for index in lines]
        parts = _spread_in_room(amount, weights or [base], rooms, profile)
        amount = sum(parts)
        if not amount:
            return Unmet(item, "nothing_left")
    for index, part in zip(lines, parts, strict=True):
        running[index] -= part
    return Applied(item, base, amount, parts)


def _nothing(item: Placed, base: int) -> Unmet:
    """Say why a benefit gives nothing on ``base``: a tier is not reached, or nothing is left."""
    step = item.offer.benefit.next_step(base)
    if step is None or not base:
        return Unmet(item, "nothing_left")
    return Unmet(item, "subtotal_below", step - base, "minor")


def _spread_in_room(
    amount: int, weights: Sequence[int], rooms: list[int], profile: Profile
) -> list[int]:
    """Spread where lines have floors, or where the weights are not what the lines still cost."""
    if profile.minimum_price == "redistribute":
        return spread_within(min(amount, sum(rooms)), weights, rooms, profile.remainder)
    parts = spread(amount, weights, profile.remainder)
    return [min(pair) for pair in zip(parts, rooms, strict=True)]


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
    given = _apply(item, basket, list(basket.totals), profile, divider(profile.rounding))
    return isinstance(given, Applied)
