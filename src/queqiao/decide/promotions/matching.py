"""Which promotions does a cart reach? Answered by bitsets, not by a scan.

A promotion is a bit. A fact (a SKU, category, segment, channel …) maps to the integer of the
promotions whose clause it satisfies. A cart ORs its facts within a clause and ANDs the clauses.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from queqiao.catalog.contracts import Facts
from queqiao.decide.promotions.offers import Offer

CACHED_PERIODS_MAX = 64
"""How many stretches of time between two starts or ends keep their bits."""


CACHED_GOODS_MAX = 20_000
"""How many SKUs keep the promotions that name them."""


class Postings:
    """One clause: the promotions that do not ask (``open``), and those that each name satisfies."""

    __slots__ = ("_by_name", "open")

    def __init__(self, clauses: Iterable[Sequence[str]], *, empty_is_open: bool = True) -> None:
        self.open = 0
        self._by_name: dict[str, int] = {}
        for place, names in enumerate(clauses):
            if not names and empty_is_open:
                self.open |= 1 << place
            for name in names:
                self._by_name[name] = self._by_name.get(name, 0) | 1 << place

    def one(self, name: str | None) -> int:
        """Return the promotions that ask for this name."""
        return self._by_name.get(name, 0) if name is not None else 0

    def any_of(self, names: Iterable[str]) -> int:
        """Return the promotions that ask for any of the names, and those that do not ask."""
        bits = self.open
        for name in names:
            bits |= self._by_name.get(name, 0)
        return bits


class GoodsIndex:
    """The scope clause: which promotions a line of a cart is in."""

    __slots__ = ("_brands", "_cache", "_categories", "_shops", "_skus", "_tags", "everything")

    def __init__(self, offers: Sequence[Offer]) -> None:
        scopes = [offer.scope for offer in offers]
        self._skus = Postings((scope.skus for scope in scopes), empty_is_open=False)
        self._categories = Postings((scope.categories for scope in scopes), empty_is_open=False)
        self._brands = Postings((scope.brands for scope in scopes), empty_is_open=False)
        self._shops = Postings((scope.shops for scope in scopes), empty_is_open=False)
        self._tags = Postings((scope.tags for scope in scopes), empty_is_open=False)
        named = (
            (*scope.skus, *scope.categories, *scope.brands, *scope.shops, *scope.tags)
            for scope in scopes
        )
        self.everything = Postings(named).open
        self._cache: dict[str, tuple[Facts, int]] = {}

    def named(self, sku: str, facts: Facts) -> int:
        """Return the promotions that name these goods; ``everything`` comes on top.

        The price book gives equal facts as one object, so what was found is found again.
        """
        known = self._cache.get(sku)
        if known is not None and known[0] is facts:
            return known[1]
        bits = self._look_up(sku, facts)
        if len(self._cache) >= CACHED_GOODS_MAX:
            self._cache.clear()
        self._cache[sku] = facts, bits
        return bits

    def _look_up(self, sku: str, facts: Facts) -> int:
        bits = self._skus.one(sku) | self._brands.one(facts.brand) | self._shops.one(facts.shop)
        for category in facts.categories:
            bits |= self._categories.one(category)
        for tag in facts.tags:
            bits |= self._tags.one(tag)
        return bits


class PeriodIndex:
    """The time clause: between two neighbouring starts or ends the same promotions hold."""

    __slots__ = ("_borders", "_cache", "_periods")

    def __init__(self, offers: Sequence[Offer]) -> None:
        self._periods = [(offer.starts_us, offer.ends_us) for offer in offers]
        self._borders = sorted({border for period in self._periods for border in period})
        self._cache: dict[int, int] = {}

    def at(self, now_us: int) -> int:
        """Return the promotions whose time it is: from their start until before their end."""
        stretch = bisect_right(self._borders, now_us)
        bits = self._cache.get(stretch)
        if bits is None:
            bits = sum(
                1 << p for p, (start, end) in enumerate(self._periods) if start <= now_us < end
            )
            if len(self._cache) >= CACHED_PERIODS_MAX:
                self._cache.clear()
            self._cache[stretch] = bits
        return bits


class Index:
    """All clauses of all promotions. Never changes after it is made."""

    __slots__ = ("all", "batches", "channels", "currencies", "goods", "periods", "segments")

    def __init__(self, offers: Sequence[Offer]) -> None:
        self.all = (1 << len(offers)) - 1
        self.goods = GoodsIndex(offers)
        self.periods = PeriodIndex(offers)
        self.segments = Postings(offer.segments for offer in offers)
        self.channels = Postings(offer.channels for offer in offers)
        self.currencies = Postings(_one(offer.currency) for offer in offers)
        self.batches = Postings(_one(offer.code_batch) for offer in offers)


def _one(name: str | None) -> tuple[str, ...]:
    return () if name is None else (name,)


def places(bits: int) -> list[int]:
    """Return the places of the set bits, lowest first."""
    found = []
    while bits:
        place = bits.bit_length() - 1
        found.append(place)
        bits ^= 1 << place
    found.reverse()
    return found


def lines_by_offer(named: Sequence[int], holding: int) -> dict[int, list[int]]:
    """Return the lines of each holding offer that names goods: the line bits turned around."""
    found: dict[int, list[int]] = {}
    for line, bits in enumerate(named):
        left = bits & holding
        while left:
            place = left.bit_length() - 1
            left ^= 1 << place
            if place in found:
                found[place].append(line)
            else:
                found[place] = [line]
    return found
