"""破价保护: how low a price may fall, by which stack, in which cart, when, and for whom."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from queqiao.catalog.contracts import Goods
from queqiao.decide.promotions.documents.profile import Profile
from queqiao.decide.promotions.rehearsal.carts import carts_of
from queqiao.decide.promotions.rehearsal.moments import moments_of
from queqiao.decide.promotions.rehearsal.rulebook import Rulebook
from queqiao.decide.promotions.rehearsal.shelf import Shelf, is_meant, shelf_of
from queqiao.decide.promotions.rehearsal.shoppers import Shopper, shoppers_of
from queqiao.decide.promotions.rehearsal.trials import Amounts, Trial, Trials, together

QUOTES_MAX = 4_000
"""How many carts one question prices: about two seconds."""

BEST_KEPT = 4
"""How many of the best carts are put together with one another."""


class Terms(NamedTuple):
    """What is asked about: the time, UTC microseconds, the currency, the carts' bound."""

    from_us: int
    until_us: int
    currency: str = "CNY"
    quantity_max: int = 20
    profile: Profile | str | None = None
    zone: str = "Asia/Shanghai"


class Lowest(NamedTuple):
    """The lowest price found of one SKU.

    ``price_minor`` is what its line costs, divided by its units and rounded down. ``trial`` None:
    there was no work left for it.
    """

    goods: Goods
    price_minor: int
    unit_minor: int
    trial: Trial | None


def lowest_prices(
    rules: Rulebook, skus: Sequence[str], terms: Terms, quotes_max: int = QUOTES_MAX
) -> tuple[list[Lowest], bool]:
    """Return the lowest price found of each SKU, and whether all carts thought of were priced."""
    search = _Search(rules, terms, quotes_max)
    found = []
    for place, sku in enumerate(skus):
        goods = rules.shop.price_book.goods(sku)
        if goods is not None:
            search.share(len(skus) - place)
            found.append(search.lowest(goods))
    return found, search.complete


class _Search:
    def __init__(self, rules: Rulebook, terms: Terms, quotes_max: int) -> None:
        self._terms = terms
        self._left = quotes_max
        self._trials = Trials(rules.shop, terms.currency, terms.profile, 0)
        self._goods = rules.goods(terms.currency)
        self._documents = rules.looked_at()
        self._shelves: dict[str, Shelf] = {}
        self.complete = True

    def share(self, among: int) -> None:
        """Give the next SKU its part of the work that is left."""
        self._left += self._trials.left
        part = self._left // max(among, 1)
        self._left -= part
        self._trials.left = part

    def lowest(self, goods: Goods) -> Lowest:
        """Try the carts of every rule that holds the goods, then the best of them together."""
        documents = {
            name: document
            for name, document in self._documents.items()
            if is_meant(document, goods)
        }
        rules, terms = documents.values(), self._terms
        moments = moments_of(rules, terms.from_us, terms.until_us, terms.zone)
        shoppers = shoppers_of(rules)
        carts = list(dict.fromkeys(self._carts(goods, documents)))
        tried = list(self._try(carts, shoppers, moments))
        best = sorted(tried, key=lambda trial: _unit_price(trial, goods.sku))[:BEST_KEPT]
        tried += self._try(_pairs(best), [one.shopper for one in best[:1]], moments)
        lowest = min(tried, key=lambda trial: _unit_price(trial, goods.sku), default=None)
        if lowest is None:
            return Lowest(goods, goods.price_minor, goods.price_minor, None)
        return Lowest(goods, *_prices(lowest, goods.sku), lowest)

    def _carts(self, goods: Goods, documents: Mapping[str, object]) -> Iterator[Amounts]:
        yield ((goods.sku, 1),)
        for name in documents:
            document = self._documents[name]
            yield from carts_of(goods, document, self._shelf(name), self._terms.quantity_max)

    def _shelf(self, name: str) -> Shelf:
        if name not in self._shelves:
            self._shelves[name] = shelf_of(self._goods, self._documents[name])
        return self._shelves[name]

    def _try(
        self, carts: Iterable[Amounts], shoppers: Sequence[Shopper], moments: Sequence[int]
    ) -> Iterator[Trial]:
        for cart in carts:
            for shopper in shoppers:
                for at_us in moments:
                    trial = self._trials.price(cart, shopper, at_us)
                    if trial is None:
                        self.complete = False
                        return
                    yield trial


def _pairs(best: Sequence[Trial]) -> Iterator[Amounts]:
    for place, one in enumerate(best):
        for other in best[place + 1 :]:
            yield together(one.cart, other.cart)


def _unit_price(trial: Trial, sku: str) -> tuple[float, int]:
    line = next(line for line in trial.quote.lines if line.sku == sku)
    return line.total / line.quantity, len(trial.cart)


def _prices(trial: Trial, sku: str) -> tuple[int, int]:
    line = next(line for line in trial.quote.lines if line.sku == sku)
    return line.total // line.quantity, min(unit.total for unit in line.units)
