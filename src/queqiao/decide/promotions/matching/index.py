"""All clauses of all promotions as bits. Never changes; a change makes another that shares most."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, TypeVar

from queqiao.decide.promotions.basket import Basket
from queqiao.decide.promotions.documents.scope import Scope
from queqiao.decide.promotions.matching.clauses import MIXED, Plan, Slot, mixed
from queqiao.decide.promotions.matching.fact_leaves import WindowsLeaf
from queqiao.decide.promotions.matching.goods_index import GoodsIndex, Scoped
from queqiao.decide.promotions.matching.postings import Posted, Postings
from queqiao.decide.promotions.matching.ranges import Ranged, Ranges
from queqiao.decide.promotions.matching.situation import Dimension, Situation
from queqiao.kernel.clock import MINUTE_US

CACHED_MINUTES_MAX = 64
"""How many minutes keep which windows hold. Time zones differ from UTC by whole minutes."""

FOREVER_US = 2**62
"""The end of a promotion that names none."""

Key = TypeVar("Key", Slot, Dimension)


class Entry(NamedTuple):
    """What the index is told of one promotion at its place. Times are UTC microseconds."""

    place: int
    scope: Scope
    plan: Plan
    currency: str | None
    starts_us: int
    ends_us: int


class Reached(NamedTuple):
    """What a cart reaches: the promotions that mean each line, and those that hold."""

    named: list[int]
    holding: int


class Index:
    """The bits of all entries, by what they ask of a cart and of a situation.

    ``asking`` are those whose tree is asked too.
    """

    __slots__ = (
        "_blocked",
        "_currencies",
        "_in_cart",
        "_minutes",
        "_periods",
        "_reading",
        "_slots",
        "_tiered",
        "_windows",
        "asking",
        "goods",
    )

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        known = list(entries)
        self.goods = GoodsIndex(_scopes(known))
        self._in_cart = GoodsIndex(_in_cart(known))
        self._periods = Ranges(_periods(known))
        self._currencies = Postings(_currencies(known))
        self._slots: dict[Slot, Postings] = _grouped({}, (), _clauses(known))
        self._blocked: dict[Dimension, Postings] = _grouped({}, (), _blocks(known))
        self.asking = _asking(known)
        self._reading = _reading(known)
        self._tiered = _tiered(known)
        self._windows = _windows(known)
        self._minutes: dict[int, list[str]] = {}

    def changed(self, gone: Sequence[Entry], come: Sequence[Entry]) -> "Index":
        """Return the index without the entries that are gone and with those that have come."""
        after = Index()
        after.goods = self.goods.changed(_scopes(gone), _scopes(come))
        after._in_cart = self._in_cart.changed(_in_cart(gone), _in_cart(come))
        after._periods = self._periods.changed(_periods(gone), _periods(come))
        after._currencies = self._currencies.changed(_currencies(gone), _currencies(come))
        after._slots = _grouped(self._slots, _clauses(gone), _clauses(come))
        after._blocked = _grouped(self._blocked, _blocks(gone), _blocks(come))
        after.asking = self.asking ^ _asking(gone) | _asking(come)
        after._reading = self._reading ^ _reading(gone) | _reading(come)
        after._tiered = self._tiered ^ _tiered(gone) | _tiered(come)
        after._windows = {**self._windows, **_windows(come)}
        return after

    @property
    def reads_customers(self) -> bool:
        """Whether any promotion asks for more of the customer than segments."""
        return self._reading != 0

    @property
    def reads_tiers(self) -> bool:
        """Whether any promotion asks for the tier of members."""
        return self._tiered != 0

    def failing(self, situation: Situation) -> int:
        """Return the promotions that a situation keeps away from any cart."""
        failing = self._periods.failing(situation.now_us)
        failing |= self._currencies.asked ^ self._currencies.one(situation.currency)
        for dimension, postings in self._blocked.items():
            failing |= postings.any_of(situation.of(dimension))
        for (name, _), postings in self._slots.items():
            failing |= postings.asked ^ postings.any_of(self._names(name, situation))
        return failing

    def reached(self, basket: Basket, failing: int) -> Reached:
        """Return what a cart reaches of those that its situation does not keep away."""
        lines = basket.lines
        named = [self.goods.named(line.sku, line.facts, line.price) for line in lines]
        holding = self.goods.everything if lines else 0
        for bits in named:
            holding |= bits
        if self._in_cart.asked:
            failing |= self._in_cart.asked ^ self._means(basket)
        return Reached(named, holding ^ (holding & failing))

    def _means(self, basket: Basket) -> int:
        """Return the promotions whose condition asks for goods that are in the cart."""
        goods = self._in_cart
        bits = goods.everything if basket.lines else 0
        for line in basket.lines:
            bits |= goods.named(line.sku, line.facts, line.price)
        return bits

    def _names(self, name: Dimension | Literal["*"], situation: Situation) -> Iterable[str]:
        if name == MIXED:
            return self._mixed(situation)
        return self._open_windows(situation.now_us) if name == "window" else situation.of(name)

    def _mixed(self, situation: Situation) -> Iterator[str]:
        for dimension, names in situation.names.items():
            yield from (mixed(dimension, name) for name in names)
        for key in self._open_windows(situation.now_us):
            yield mixed("window", key)

    def _open_windows(self, now_us: int) -> list[str]:
        """Return the keys of the windows that hold in this minute."""
        minute = now_us // MINUTE_US
        keys = self._minutes.get(minute)
        if keys is None:
            keys = [key for key, leaf in self._windows.items() if leaf.is_now(now_us)]
            if len(self._minutes) >= CACHED_MINUTES_MAX:
                self._minutes.clear()
            self._minutes[minute] = keys
        return keys


def _grouped(
    before: Mapping[Key, Postings],
    gone: Iterable[tuple[Key, Posted]],
    come: Iterable[tuple[Key, Posted]],
) -> dict[Key, Postings]:
    """Return postings by key; those that nothing touches stay the same objects."""
    moved: dict[Key, tuple[list[Posted], list[Posted]]] = {}
    for side, items in enumerate((gone, come)):
        for key, posted in items:
            moved.setdefault(key, ([], []))[side].append(posted)
    after = dict(before)
    for key, (lost, won) in moved.items():
        after[key] = after.get(key, Postings()).changed(lost, won)
        if not after[key].asked:
            del after[key]
    return after


def _clauses(entries: Iterable[Entry]) -> Iterator[tuple[Slot, Posted]]:
    for entry in entries:
        for slot, names in entry.plan.clauses.items():
            yield slot, Posted(entry.place, names)


def _blocks(entries: Iterable[Entry]) -> Iterator[tuple[Dimension, Posted]]:
    for entry in entries:
        for dimension, names in entry.plan.blocked.items():
            yield dimension, Posted(entry.place, names)


def _scopes(entries: Iterable[Entry]) -> list[Scoped]:
    return [Scoped(entry.place, entry.scope) for entry in entries]


def _in_cart(entries: Iterable[Entry]) -> list[Scoped]:
    return [
        Scoped(entry.place, entry.plan.must_be_in_cart)
        for entry in entries
        if entry.plan.must_be_in_cart is not None
    ]


def _periods(entries: Iterable[Entry]) -> list[Ranged]:
    return [
        Ranged(entry.place, entry.starts_us, entry.ends_us)
        for entry in entries
        if (entry.starts_us, entry.ends_us) != (0, FOREVER_US)
    ]


def _currencies(entries: Iterable[Entry]) -> list[Posted]:
    return [
        Posted(entry.place, frozenset((entry.currency,)))
        for entry in entries
        if entry.currency is not None
    ]


def _asking(entries: Iterable[Entry]) -> int:
    return sum(1 << entry.place for entry in entries if entry.plan.asks)


def _reading(entries: Iterable[Entry]) -> int:
    return sum(1 << entry.place for entry in entries if entry.plan.reads_customer)


def _tiered(entries: Iterable[Entry]) -> int:
    return sum(1 << entry.place for entry in entries if entry.plan.reads_tier)


def _windows(entries: Iterable[Entry]) -> dict[str, WindowsLeaf]:
    return {leaf.key: leaf for entry in entries for leaf in entry.plan.windows}
