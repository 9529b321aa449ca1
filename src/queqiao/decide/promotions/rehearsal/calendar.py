"""The calendar of promotions: what runs when, and where two of them meet on the same goods."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from queqiao.catalog.contracts import Goods
from queqiao.decide.promotions.documents.promotion import PromotionDocument
from queqiao.decide.promotions.offers import FOREVER_US
from queqiao.decide.promotions.rehearsal.lowest_price import Lowest, Terms, lowest_prices
from queqiao.decide.promotions.rehearsal.rulebook import Rulebook
from queqiao.decide.promotions.rehearsal.shelf import is_meant
from queqiao.kernel.clock import parse_rfc3339

OVERLAPS_MAX = 500
"""How many pairs are said; those that share most goods first."""

PLANNED_MAX = 150
"""So many promotions are held against each other; those that change within the time come first."""

GOODS_MAX = 5_000
"""So many goods are looked at, those with the thinnest margins first."""

PRICED_MAX = 40
"""For so many pairs the lowest price of the goods that they share is looked for."""

QUOTES_A_PAIR = 60


class Planned(NamedTuple):
    """A promotion of the calendar, from ``starts_us`` to before ``ends_us``."""

    id: str
    document: PromotionDocument
    state: str
    starts_us: int
    ends_us: int


class Overlap(NamedTuple):
    """Two promotions that run at once on the same goods.

    ``stacks``: whether both may give to one cart. ``lowest``: the lowest price found of the shared
    goods whose margin is thinnest; ``conflict``: it is below their cost or at their minimum price.
    """

    first: Planned
    second: Planned
    from_us: int
    until_us: int
    shared_skus: int
    stacks: bool
    lowest: Lowest | None
    conflict: bool


def planned(
    stored: Iterable[tuple[str, PromotionDocument, str]], from_us: int, until_us: int
) -> list[Planned]:
    """Return the promotions that run within the time, by their start; states are said with them."""
    found = [Planned(name, document, state, *_period(document)) for name, document, state in stored]
    inside = [one for one in found if one.starts_us < until_us and one.ends_us > from_us]
    return sorted(inside, key=lambda one: (one.starts_us, one.ends_us, one.id))


def _period(document: PromotionDocument) -> tuple[int, int]:
    starts = 0 if document.starts_at is None else parse_rfc3339(document.starts_at)
    ends = FOREVER_US if document.ends_at is None else parse_rfc3339(document.ends_at)
    return starts, ends


def compared(plan: Sequence[Planned], from_us: int, until_us: int) -> list[Planned]:
    """Return the promotions that are held against each other.

    What begins or ends within the time is news to an operator, and comes before what runs on; of
    both, the latest to start come first.
    """

    def runs_on(one: Planned) -> bool:
        return one.starts_us <= from_us and one.ends_us >= until_us

    ordered = sorted(plan, key=lambda one: (runs_on(one), -one.starts_us, one.id))
    return ordered[:PLANNED_MAX]


def overlaps(
    looked_at: Sequence[Planned], rules: Rulebook, from_us: int, until_us: int, currency: str
) -> list[Overlap]:
    """Return the pairs that meet, those with most goods in common first."""
    shared, thinnest = _shared(looked_at, rules, currency)
    known = {one.id: one for one in looked_at}
    found: list[Overlap] = []
    for (first, second), count in shared.most_common():
        one, other = known[first], known[second]
        start, end = max(one.starts_us, other.starts_us), min(one.ends_us, other.ends_us)
        if start < end:
            goods = thinnest[first, second]
            lowest = None
            if len(found) < PRICED_MAX:
                terms = Terms(max(start, from_us), min(end, until_us), currency)
                lowest = _lowest(one, other, goods, rules, terms)
            found.append(
                Overlap(
                    one, other, start, end, count, _stack(one.document, other.document),
                    lowest, _conflicts(lowest, goods, rules.costs),
                )
            )  # fmt: skip
        if len(found) == OVERLAPS_MAX:
            break
    return found


Pair = tuple[str, str]


def _shared(
    plan: Sequence[Planned], rules: Rulebook, currency: str
) -> tuple[Counter[Pair], dict[Pair, Goods]]:
    """Count the SKUs that two promotions share, and keep the one with the thinnest margin.

    Goods come with the thinnest margin first. Many are in the same promotions: pairs are made
    once for each such set of promotions.
    """
    sets: Counter[tuple[str, ...]] = Counter()
    first: dict[tuple[str, ...], Goods] = {}
    for goods in rules.goods(currency, GOODS_MAX):
        holding = tuple(one.id for one in plan if is_meant(one.document, goods))
        sets[holding] += 1
        first.setdefault(holding, goods)
    shared: Counter[Pair] = Counter()
    thinnest: dict[Pair, Goods] = {}
    for holding, count in sets.items():
        for pair in combinations(holding, 2):
            shared[pair] += count
            thinnest.setdefault(pair, first[holding])
    return shared, thinnest


def _stack(first: PromotionDocument, second: PromotionDocument) -> bool:
    return not (first.exclusive or second.exclusive)


def _lowest(
    one: Planned, other: Planned, goods: Goods, rules: Rulebook, terms: Terms
) -> Lowest | None:
    pair = rules._replace(documents={one.id: one.document, other.id: other.document})
    found, _ = lowest_prices(pair, (goods.sku,), terms, QUOTES_A_PAIR)
    return found[0] if found else None


def _conflicts(lowest: Lowest | None, goods: Goods, costs: Mapping[str, int]) -> bool:
    if lowest is None or lowest.trial is None:
        return False
    price = lowest.price_minor
    cost, least = costs.get(goods.sku), goods.minimum_price_minor
    return (cost is not None and price < cost) or (least is not None and price <= least)
