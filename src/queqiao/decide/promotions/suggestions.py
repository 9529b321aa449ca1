"""凑单: what to add so that an unused offer pays, tried out before it is said."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from queqiao.decide.promotions.add_ons import Addition, Shelves, additions
from queqiao.decide.promotions.pricing.outcomes import Priced, Unmet
from queqiao.decide.promotions.quote_types import AddOn, CartLine, Suggestion
from queqiao.decide.promotions.shortfalls import Step, steps
from queqiao.decide.promotions.totals.rewards import Rewards

SUGGESTIONS_MAX = 10
STEPS_MAX = 30
"""Offers whose next step is tried; of many live ones those that stand first."""

UNITS_MAX = 1_000
TRIES_MAX = 4
"""Other discounts eat into what is added, so the quantity is raised and tried again."""


class Tried(NamedTuple):
    """What came of a cart: its prices, what is given around the goods, what nearly held."""

    priced: Priced
    rewards: Rewards
    nearly: Iterable[Unmet]

    @property
    def saved(self) -> int:
        """Return what is saved on the goods and on delivery."""
        return self.priced.discount + self.rewards.shipping_discount

    @property
    def worth(self) -> int:
        """Return what is given besides: gifts at the shelf, and money that comes back."""
        return sum(given.value for given in self.rewards.given)

    def of_offer(self, offer_id: str) -> int:
        """Return what one offer gives, of whatever kind."""
        on_goods = sum(a.amount for a in self.priced.applied if a.placed.offer.id == offer_id)
        around = sum(
            given.off_shipping + given.value + given.points
            for given in self.rewards.given
            if given.placed.offer.id == offer_id
        )
        return on_goods + around

    def steps(self) -> Iterator[Step]:
        """Yield what offers lack."""
        return steps(self.priced, self.rewards.unmet, self.nearly)


Try = Callable[[Sequence[CartLine]], Tried]
"""Prices a cart under the question's rules."""


def suggest(
    tried: Tried, answer: Try, shelves: Shelves, lines: Sequence[CartLine]
) -> list[Suggestion]:
    """Return add-ons that were tried out, one an offer, those that cost least in the end first."""
    found: list[Suggestion] = []
    for step in islice(tried.steps(), STEPS_MAX):
        options = [
            suggestion
            for addition in additions(step, shelves)
            if (suggestion := _tried_out(step, addition, tried, answer, shelves, lines))
        ]
        found += sorted(options, key=_in_the_end)[:1]
    return sorted(found, key=_in_the_end)[:SUGGESTIONS_MAX]


def _in_the_end(suggestion: Suggestion) -> tuple[int, str]:
    return suggestion.cost - suggestion.saves - suggestion.worth, suggestion.promotion_id


def _tried_out(  # noqa: PLR0917  # what one trial is made of
    step: Step,
    addition: Addition,
    before: Tried,
    answer: Try,
    shelves: Shelves,
    lines: Sequence[CartLine],
) -> Suggestion | None:
    """Return the suggestion of an addition, raised until the offer gives more; None if never."""
    offer_id = step.offer.id
    for _ in range(TRIES_MAX):
        if sum(addition.values()) > UNITS_MAX:
            return None
        after = answer([*lines, *[CartLine(sku, units) for sku, units in addition.items()]])
        if after.of_offer(offer_id) > before.of_offer(offer_id):
            return _said(offer_id, addition, before, after, shelves)
        missing = next((one for one in after.steps() if one.offer.id == offer_id), None)
        if missing is None or len(addition) > 1:
            return None
        addition = _raised(addition, missing, shelves)
    return None


def _raised(addition: Addition, missing: Step, shelves: Shelves) -> Addition:
    """Return more of the same goods, as much as is still missing."""
    ((sku, units),) = addition.items()
    goods = shelves.find(sku)
    assert goods is not None
    more = -(-missing.missing // goods.price_minor) if missing.unit == "minor" else missing.missing
    return {sku: units + more}


def _said(
    offer_id: str, addition: Addition, before: Tried, after: Tried, shelves: Shelves
) -> Suggestion | None:
    prices = {sku: goods.price_minor for sku in addition if (goods := shelves.find(sku))}
    cost = sum(prices[sku] * units for sku, units in addition.items())
    saves, worth = after.saved - before.saved, max(0, after.worth - before.worth)
    if saves + worth <= 0:
        return None
    add = [AddOn(sku, units) for sku, units in addition.items()]
    return Suggestion(offer_id, add, cost, saves, worth)
