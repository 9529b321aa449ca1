"""Rules that cannot fire, that others displace, or that sell below cost: said beforehand."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Literal, NamedTuple

from queqiao.catalog.contracts import Goods
from queqiao.decide.promotions.documents.promotion import PromotionDocument
from queqiao.decide.promotions.quoting import Shop
from queqiao.decide.promotions.rehearsal.carts import carts_of
from queqiao.decide.promotions.rehearsal.lowest_price import Terms
from queqiao.decide.promotions.rehearsal.moments import moments_of
from queqiao.decide.promotions.rehearsal.rulebook import Rulebook, rulebook
from queqiao.decide.promotions.rehearsal.shelf import Shelf, shelf_of
from queqiao.decide.promotions.rehearsal.shoppers import shoppers_of
from queqiao.decide.promotions.rehearsal.trials import Trial, Trials
from queqiao.kernel.clock import parse_rfc3339

QUOTES_A_RULE = 200
UNITS_MAX = 1_000
"""How many units of one SKU the carts of a finding hold at most."""

Code = Literal["over", "no_goods", "never_gives", "never_beside_others", "below_cost"]


class Finding(NamedTuple):
    """What is wrong with one rule.

    - ``over``: it ends before the time that is looked at begins.
    - ``no_goods``: no goods of the catalogue are in its scope.
    - ``never_gives``: alone, it gives nothing on any cart that reaches what it asks.
    - ``never_beside_others``: alone it gives, beside the other rules never; ``others`` stand in
      its place, the most frequent first.
    - ``below_cost``: alone, it sells ``sku`` at ``price_minor`` a unit, below ``cost_minor``.
    """

    promotion_id: str
    code: Code
    others: tuple[str, ...] = ()
    sku: str | None = None
    price_minor: int | None = None
    cost_minor: int | None = None


def findings(rules: Rulebook, terms: Terms) -> Iterator[Finding]:
    """Yield what is wrong, rule by rule."""
    goods: dict[str, list[Goods]] = {}
    for name, document in rules.looked_at().items():
        currency = document.currency or terms.currency
        if currency not in goods:
            goods[currency] = rules.goods(currency)
        shelf = shelf_of(goods[currency], document)
        yield from _of_rule(name, shelf, rules, terms)


def _of_rule(name: str, shelf: Shelf, rules: Rulebook, terms: Terms) -> Iterator[Finding]:
    document = rules.documents[name]
    if document.ends_at is not None and parse_rfc3339(document.ends_at) <= terms.from_us:
        yield Finding(name, "over")
        return
    if not len(shelf):
        yield Finding(name, "no_goods")
        return
    alone = rulebook({name: document}, (), rules.shop, rules.costs)
    tried = _tried(document, alone.shop, shelf, terms)
    giving = [trial for trial in tried if _gives(trial, name)]
    if not giving:
        yield Finding(name, "never_gives")
        return
    yield from _below_cost(name, giving, rules)
    yield from _replaced(name, giving, rules, terms)


def _tried(document: PromotionDocument, shop: Shop, shelf: Shelf, terms: Terms) -> list[Trial]:
    trials = Trials(shop, document.currency or terms.currency, terms.profile, QUOTES_A_RULE)
    moments = moments_of((document,), terms.from_us, terms.until_us, terms.zone)
    carts = [cart for goods in _some(shelf) for cart in carts_of(goods, document, shelf, UNITS_MAX)]
    found: list[Trial] = []
    for cart, shopper, at_us in product(carts, shoppers_of((document,)), moments):
        trial = trials.price(cart, shopper, at_us)
        if trial is None:
            break
        found.append(trial)
    return found


def _some(shelf: Shelf) -> list[Goods]:
    chosen = (shelf.cheapest(), shelf.dearest())
    return list(dict.fromkeys(goods for goods in chosen if goods is not None))


def _gives(trial: Trial, name: str) -> bool:
    return any(applied.promotion_id == name for applied in trial.quote.applied)


def _below_cost(name: str, giving: Sequence[Trial], rules: Rulebook) -> Iterator[Finding]:
    worst: Finding | None = None
    for trial in giving:
        for line in trial.quote.lines:
            price, cost = line.total // line.quantity, rules.costs.get(line.sku)
            deeper = worst is None or price - (cost or 0) < (worst.price_minor or 0) - (
                worst.cost_minor or 0
            )
            if cost is not None and price < cost and deeper:
                worst = Finding(name, "below_cost", (), line.sku, price, cost)
    if worst is not None:
        yield worst


def _replaced(
    name: str, giving: Sequence[Trial], rules: Rulebook, terms: Terms
) -> Iterator[Finding]:
    """Price the same carts beside all other rules: does it ever give there?"""
    trials = Trials(rules.shop, terms.currency, terms.profile, QUOTES_A_RULE)
    instead: Counter[str] = Counter()
    for trial in giving:
        again = trials.price(trial.cart, trial.shopper, trial.at_us)
        if again is None or _gives(again, name):
            return
        instead.update(applied.promotion_id for applied in again.quote.applied)
    yield Finding(name, "never_beside_others", tuple(one for one, _ in instead.most_common(5)))
