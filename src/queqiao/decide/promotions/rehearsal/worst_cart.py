"""羊毛党: the cart on which the shop loses most, climbed to from the carts of each rule."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice, product
from typing import Literal, NamedTuple

from queqiao.catalog.contracts import Goods
from queqiao.decide.promotions.documents.profile import Profile
from queqiao.decide.promotions.rehearsal.carts import carts_of
from queqiao.decide.promotions.rehearsal.lowest_price import Terms
from queqiao.decide.promotions.rehearsal.moments import moments_of
from queqiao.decide.promotions.rehearsal.rulebook import Rulebook
from queqiao.decide.promotions.rehearsal.shelf import Shelf, is_meant
from queqiao.decide.promotions.rehearsal.shoppers import Shopper, shoppers_of
from queqiao.decide.promotions.rehearsal.trials import Amounts, Trial, Trials, together

QUOTES_MAX = 4_000
STARTS_MAX = 12
"""How many of the best carts the climb starts from."""

CARTS_MAX = 4_000
"""How many carts the search begins with."""

GOODS_A_RULE = 4
"""Goods of a rule from which its carts are made: the cheapest, the dearest, the thinnest margin."""

Goal = Literal["margin", "discount_rate"]


class Worst(NamedTuple):
    """The worst cart found. ``cost_minor`` None where the cost of some of its goods is unknown."""

    trial: Trial
    cost_minor: int | None
    complete: bool


def worst_cart(
    rules: Rulebook, terms: Terms, goal: Goal = "margin", quotes_max: int = QUOTES_MAX
) -> Worst | None:
    """Return the worst cart found; None when nothing can be sold in this currency.

    By ``margin`` that is the one which leaves the shop least after cost; goods of unknown cost
    count with their price, so that what is lost is then the discount alone. By ``discount_rate``
    the one of which the largest share is given away.
    """
    climb = _Climb(rules, terms, goal, quotes_max)
    return climb.worst()


class _Climb:
    def __init__(self, rules: Rulebook, terms: Terms, goal: Goal, quotes_max: int) -> None:
        self._rules, self._terms = rules, terms
        profile: Profile | str | None = terms.profile
        self._trials = Trials(rules.shop, terms.currency, profile, quotes_max)
        self._documents = rules.looked_at()
        self._goods = rules.goods(terms.currency)
        self._known: dict[Amounts, Trial] = {}
        self._value: Callable[[Trial], float] = self.margin if goal == "margin" else _kept_share

    def margin(self, trial: Trial) -> float:
        """Return what is left of what is paid after cost."""
        costs = self._rules.costs
        goods = sum(
            line.quantity * costs.get(line.sku, line.unit_price) for line in trial.quote.lines
        )
        return trial.quote.totals.items - trial.quote.totals.discount - goods

    def worst(self) -> Worst | None:
        """Try each rule's own carts, then better the worst of them step by step."""
        rules, terms = self._documents.values(), self._terms
        moments = moments_of(rules, terms.from_us, terms.until_us, terms.zone)
        starts = list(dict.fromkeys(islice(self._starts(), CARTS_MAX)))
        for shopper, at_us, cart in product(shoppers_of(rules), moments[:8], starts):
            if self._try(cart, shopper, at_us) is None:
                break
        for trial in sorted(self._known.values(), key=self._value)[:STARTS_MAX]:
            self._climb(trial)
        if not self._known:
            return None
        found = min(self._known.values(), key=self._value)
        return Worst(found, self._cost(found), self._trials.left > 0)

    def _starts(self) -> Iterator[Amounts]:
        for document in self._documents.values():
            goods = [one for one in self._goods if is_meant(document, one)]
            shelf = Shelf(goods)
            for one in self._telling(goods, shelf):
                yield from carts_of(one, document, shelf, self._terms.quantity_max)

    def _telling(self, goods: list[Goods], shelf: Shelf) -> Iterable[Goods]:
        """Return the goods of a rule that are likeliest to be lost on: the thinnest come first."""
        chosen = [shelf.cheapest(), shelf.dearest(), *goods[:2]]
        return list(dict.fromkeys(one for one in chosen if one is not None))[:GOODS_A_RULE]

    def _climb(self, start: Trial) -> None:
        here = start
        while self._trials.left:
            nexts = [self._try(cart, here.shopper, here.at_us) for cart in self._steps(here.cart)]
            best = min((one for one in nexts if one is not None), key=self._value, default=None)
            if best is None or self._value(best) >= self._value(here):
                return
            here = best

    def _steps(self, cart: Amounts) -> Iterator[Amounts]:
        for sku, quantity in cart:
            rest = tuple(line for line in cart if line[0] != sku)
            if quantity < self._terms.quantity_max:
                yield tuple(sorted((*rest, (sku, quantity + 1))))
            if quantity > 1:
                yield tuple(sorted((*rest, (sku, quantity - 1))))
            elif rest:
                yield rest
        others = sorted(self._known.values(), key=self._value)[:STARTS_MAX]
        for other in others:
            yield together(cart, other.cart)

    def _try(self, cart: Amounts, shopper: Shopper, at_us: int) -> Trial | None:
        trial = self._trials.price(cart, shopper, at_us)
        if trial is not None:
            known = self._known.get(cart)
            if known is None or self._value(trial) < self._value(known):
                self._known[cart] = trial
        return trial

    def _cost(self, trial: Trial) -> int | None:
        costs = self._rules.costs
        if any(sku not in costs for sku, _ in trial.cart):
            return None
        return sum(costs[sku] * quantity for sku, quantity in trial.cart)


def _kept_share(trial: Trial) -> float:
    totals = trial.quote.totals
    return (totals.items - totals.discount) / totals.items if totals.items else 1.0
