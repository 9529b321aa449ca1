"""Whether goods are in a scope: the compiled form of ``documents/scope.py``."""

from collections.abc import Iterator

from queqiao.catalog.contracts import Facts
from queqiao.decide.promotions.basket import Basket
from queqiao.decide.promotions.documents.scope import GoodsNames, Scope

PRICE_MAX = 2**62
"""The upper bound of a scope that names none."""


class NamesTest:
    """Whether any list names goods."""

    __slots__ = ("_brands", "_categories", "_shops", "_skus", "_tags")

    def __init__(self, names: GoodsNames) -> None:
        self._skus = frozenset(names.skus)
        self._categories = frozenset(names.categories)
        self._brands = frozenset(names.brands)
        self._shops = frozenset(names.shops)
        self._tags = frozenset(names.tags)

    def names(self, sku: str, facts: Facts) -> bool:
        """Say whether one of the lists has the SKU, a category, the brand, the shop or a tag."""
        return (
            sku in self._skus
            or facts.brand in self._brands
            or facts.shop in self._shops
            or not self._categories.isdisjoint(facts.categories)
            or not self._tags.isdisjoint(facts.tags)
        )


class GoodsTest:
    """Whether goods at a price are in a scope."""

    __slots__ = ("_excluded", "_high", "_low", "_names", "scope")

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self._names = NamesTest(scope) if has_lists(scope) else None
        self._excluded = None if scope.excluded is None else NamesTest(scope.excluded)
        self._low = scope.price_at_least or 0
        self._high = PRICE_MAX if scope.price_at_most is None else scope.price_at_most

    def holds(self, sku: str, facts: Facts, price: int) -> bool:
        """Say whether goods are in scope. ``price`` is of one unit before promotions."""
        return (
            self._low <= price <= self._high
            and (self._names is None or self._names.names(sku, facts))
            and not (self._excluded is not None and self._excluded.names(sku, facts))
        )

    def lines(self, basket: Basket) -> tuple[int, ...]:
        """Return the places of the lines in scope."""
        return tuple(
            place
            for place, line in enumerate(basket.lines)
            if self.holds(line.sku, line.facts, line.price)
        )


def in_scope(scope: Scope, sku: str, facts: Facts, price: int) -> bool:
    """Say the same of goods that are looked at once, where compiling does not pay."""
    low, high = scope.price_at_least or 0, scope.price_at_most
    return (
        low <= price
        and (high is None or price <= high)
        and (not has_lists(scope) or is_named(scope, sku, facts))
        and not (scope.excluded is not None and is_named(scope.excluded, sku, facts))
    )


def is_named(names: GoodsNames, sku: str, facts: Facts) -> bool:
    """Say whether a list names the goods."""
    return (
        sku in names.skus
        or facts.brand in names.brands
        or facts.shop in names.shops
        or not set(names.categories).isdisjoint(facts.categories)
        or not set(names.tags).isdisjoint(facts.tags)
    )


def has_lists(names: GoodsNames) -> bool:
    """Say whether any list names something; a scope without lists means all goods."""
    return bool(names.skus or names.categories or names.brands or names.shops or names.tags)


def listed(names: GoodsNames) -> Iterator[str]:
    """Yield all that the lists name, each with its kind, as ``situation.goods_names`` does."""
    yield from (f"sku={name}" for name in names.skus)
    yield from (f"category={name}" for name in names.categories)
    yield from (f"brand={name}" for name in names.brands)
    yield from (f"shop={name}" for name in names.shops)
    yield from (f"tag={name}" for name in names.tags)
