"""Which promotions mean the goods of a line: scopes as postings."""

from collections.abc import Iterable
from typing import NamedTuple

from queqiao.catalog.contracts import Facts
from queqiao.decide.promotions.documents.scope import Scope
from queqiao.decide.promotions.matching.goods_test import PRICE_MAX, has_lists, listed
from queqiao.decide.promotions.matching.postings import Posted, Postings
from queqiao.decide.promotions.matching.ranges import Ranged, Ranges
from queqiao.decide.promotions.matching.situation import goods_names

CACHE_BYTES_MAX = 48_000_000
"""Of what is kept of goods that were asked for: the promotions that mean each SKU."""


class Scoped(NamedTuple):
    """One promotion's scope, at its place."""

    place: int
    scope: Scope


class GoodsIndex:
    """``everything`` are the promotions that mean all goods at any price; they need no look-up."""

    __slots__ = (
        "_cache",
        "_cached_max",
        "_excluded",
        "_named",
        "_prices",
        "_unlisted",
        "everything",
    )

    def __init__(self, scoped: Iterable[Scoped] = ()) -> None:
        known = list(scoped)
        self._named = Postings(_listed(known))
        self._excluded = Postings(_excluded(known))
        self._prices = Ranges(_priced(known))
        self.everything = _bits(known, limited=False)
        self._unlisted = _bits(known, limited=True)
        self._clear()

    @property
    def asked(self) -> int:
        """All promotions that are here."""
        return self.everything | self._unlisted | self._named.asked

    def changed(self, gone: list[Scoped], come: list[Scoped]) -> "GoodsIndex":
        """Return the index without the scopes that are gone and with those that have come."""
        if not gone and not come:
            return self
        after = GoodsIndex()
        after._named = self._named.changed(_listed(gone), _listed(come))
        after._excluded = self._excluded.changed(_excluded(gone), _excluded(come))
        after._prices = self._prices.changed(list(_priced(gone)), list(_priced(come)))
        after.everything = self.everything ^ _bits(gone, limited=False)
        after.everything |= _bits(come, limited=False)
        after._unlisted = self._unlisted ^ _bits(gone, limited=True) | _bits(come, limited=True)
        after._clear()
        return after

    def named(self, sku: str, facts: Facts, price: int) -> int:
        """Return the promotions that mean these goods; ``everything`` comes on top.

        The price book gives equal facts as one object, so what was found is found again.
        """
        known = self._cache.get(sku)
        if known is not None and known[0] is facts and known[1] == price:
            return known[2]
        bits = self._look_up(sku, facts, price)
        if len(self._cache) >= self._cached_max:
            self._cache.clear()
        self._cache[sku] = facts, price, bits
        return bits

    def _look_up(self, sku: str, facts: Facts, price: int) -> int:
        names = list(goods_names(sku, facts))
        bits = self._unlisted | self._named.any_of(names)
        failing = self._excluded.any_of(names) | self._prices.failing(price)
        return bits ^ (bits & failing)

    def _clear(self) -> None:
        self._cache: dict[str, tuple[Facts, int, int]] = {}
        self._cached_max = CACHE_BYTES_MAX // (self.asked.bit_length() // 8 + 300)


def _is_limited(scope: Scope) -> bool:
    return scope.excluded is not None or _has_bounds(scope)


def _has_bounds(scope: Scope) -> bool:
    return scope.price_at_least is not None or scope.price_at_most is not None


def _bits(scoped: Iterable[Scoped], *, limited: bool) -> int:
    """Return those without lists: limited by price or by exclusion, or not at all."""
    bits = 0
    for one in scoped:
        if not has_lists(one.scope) and _is_limited(one.scope) == limited:
            bits |= 1 << one.place
    return bits


def _listed(scoped: Iterable[Scoped]) -> list[Posted]:
    return [
        Posted(one.place, frozenset(listed(one.scope))) for one in scoped if has_lists(one.scope)
    ]


def _excluded(scoped: Iterable[Scoped]) -> list[Posted]:
    return [
        Posted(one.place, frozenset(listed(one.scope.excluded)))
        for one in scoped
        if one.scope.excluded is not None
    ]


def _priced(scoped: Iterable[Scoped]) -> list[Ranged]:
    return [
        Ranged(
            one.place,
            one.scope.price_at_least or 0,
            PRICE_MAX if one.scope.price_at_most is None else one.scope.price_at_most + 1,
        )
        for one in scoped
        if _has_bounds(one.scope)
    ]
