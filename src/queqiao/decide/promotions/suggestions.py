"""凑单: what to add so that an unused offer pays, tried out before it is said."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from queqiao.catalog.contracts import Goods
from queqiao.decide.promotions.offers import in_scope
from queqiao.decide.promotions.pricing.outcomes import Placed, Priced
from queqiao.decide.promotions.quote_types import AddOn, CartLine, Suggestion

SUGGESTIONS_MAX = 5
GOODS_TRIED_MAX = 200
"""How many goods of the catalogue are looked at for one suggestion, beside those in the cart."""
UNITS_MAX = 1_000
TRIES_MAX = 4
"""Other discounts eat into what is added, so the quantity is raised and tried again."""


class Pool(NamedTuple):
    """Where add-ons come from: the cart's own goods, those an offer names, those given inline."""

    find: Callable[[str], Goods | None]
    known_skus: Sequence[str]
    lines: Sequence[CartLine]


class Step(NamedTuple):
    """How much an offer still lacks to its next step, in minor units or in units of goods."""

    placed: Placed
    missing: int
    in_units: bool


Answer = Callable[[Sequence[CartLine]], Priced]
"""Prices a cart under the question's rules."""


def suggest(priced: Priced, answer: Answer, pool: Pool) -> list[Suggestion]:
    """Return tried add-ons, those that save most for their cost first."""
    found = (
        suggestion
        for step in steps(priced)
        if (suggestion := _suggestion(step, priced, answer, pool)) is not None
    )
    some = list(islice(found, SUGGESTIONS_MAX))
    return sorted(some, key=lambda suggestion: suggestion.cost - suggestion.saves)


def steps(priced: Priced) -> Iterator[Step]:
    """Yield the offers that more goods would bring to their next step."""
    for unmet in priced.unmet:
        if unmet.shortfall is not None:
            yield Step(unmet.placed, unmet.shortfall, unmet.shortfall_unit == "unit")
    for applied in priced.applied:
        step = applied.placed.offer.benefit.next_step(applied.base, applied.quantity)
        if step is not None:
            yield Step(applied.placed, step.shortfall, step.unit == "unit")


def _suggestion(step: Step, before: Priced, answer: Answer, pool: Pool) -> Suggestion | None:
    goods = _cheapest(step, pool)
    if goods is None:
        return None
    quantity = _quantity(step, goods.price_minor)
    for _ in range(TRIES_MAX):
        if quantity > UNITS_MAX:
            return None
        after = answer([*pool.lines, CartLine(goods.sku, quantity)])
        missing = _still_missing(step, before, after)
        if missing is None:
            cost, saves = quantity * goods.price_minor, after.discount - before.discount
            add = [AddOn(goods.sku, quantity)]
            return Suggestion(step.placed.offer.id, add, cost, saves) if saves > 0 else None
        quantity += _quantity(missing, goods.price_minor)
    return None


def _still_missing(step: Step, before: Priced, after: Priced) -> Step | None:
    """Return what the offer lacks after the add-on; None once it gives more than before."""
    offer_id = step.placed.offer.id
    if _amounts(after).get(offer_id, 0) > _amounts(before).get(offer_id, 0):
        return None
    return next((s for s in steps(after) if s.placed.offer.id == offer_id), None)


def _amounts(priced: Priced) -> Mapping[str, int]:
    return {applied.placed.offer.id: applied.amount for applied in priced.applied}


def _quantity(step: Step, price: int) -> int:
    return step.missing if step.in_units else -(-step.missing // price)


def _cheapest(step: Step, pool: Pool) -> Goods | None:
    """Return the goods in the offer's scope that reach the step for the least money."""
    scope = step.placed.offer.scope
    in_cart = (line.sku for line in pool.lines if line.price is None)
    named = islice((*scope.skus, *pool.known_skus), GOODS_TRIED_MAX)
    tried = (pool.find(sku) for sku in dict.fromkeys((*in_cart, *named)))
    fitting = [
        goods
        for goods in tried
        if goods is not None
        and goods.price_minor
        and in_scope(scope, goods.sku, goods.facts, goods.price_minor)
    ]
    if not fitting:
        return None
    return min(
        fitting,
        key=lambda goods: (_quantity(step, goods.price_minor) * goods.price_minor, goods.sku),
    )
