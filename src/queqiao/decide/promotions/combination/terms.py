"""What the documents of unit-taking benefits mean for the search: shapes and what they pay.

Written from the documents (`documents/benefit.py`); a till has the last word on every amount.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import NamedTuple

from queqiao.decide.promotions.basket import Basket
from queqiao.decide.promotions.combination.shapes import (
    AllFree,
    Cheapest,
    Chunks,
    Counted,
    CountedUp,
    Dearest,
    Groups,
    Shape,
)
from queqiao.decide.promotions.combination.takers import SCALE, RoleGain, Run, Terms
from queqiao.decide.promotions.documents.benefit import (
    Benefit,
    BundleBenefit,
    BuyGetBenefit,
    FixedBenefit,
    FixedPriceBenefit,
    NthUnitBenefit,
    PercentBenefit,
    Pick,
    PriceListBenefit,
)
from queqiao.decide.promotions.documents.profile import Rounding
from queqiao.decide.promotions.documents.scope import Scope
from queqiao.decide.promotions.matching.goods_test import GoodsTest
from queqiao.decide.promotions.pricing.outcomes import Placed
from queqiao.decide.promotions.rounding import divider

Lines = frozenset[int]
ROUNDED_UP_BY: dict[Rounding, int] = {
    "half_up": SCALE // 2,
    "half_down": SCALE // 2,
    "half_even": SCALE // 2,
    "down": 0,
    "up": SCALE,
    "none": SCALE,
}
"""By how much an amount may be rounded up, in thousandths."""


def _nothing(run: Run) -> int:  # noqa: ARG001  # whatever it costs
    """Return 0: a unit in such a role only takes part."""
    return 0


class Counter(NamedTuple):
    """The cart as a promotion is measured against it: its runs, dearest first."""

    basket: Basket
    runs: Sequence[Run]
    rounding: Rounding

    def inside(self, item: Placed, scope: Scope) -> Lines:
        """Return the lines of a promotion that are in a further scope."""
        return self.anywhere(scope).intersection(item.lines)

    def anywhere(self, scope: Scope) -> Lines:
        """Return the lines of the whole cart that are in a scope."""
        return frozenset(GoodsTest(scope).lines(self.basket))

    def units(self, lines: Lines) -> int:
        """Return how many units the lines hold."""
        return sum(run.units for run in self.runs if run.line in lines)

    def is_split(self, lines: Lines) -> bool:
        """Say whether units of one line cost different amounts."""
        mine = [run.line for run in self.runs if run.line in lines]
        return len(set(mine)) < len(mine)


def terms_of(item: Placed, benefit: Benefit, counter: Counter) -> Terms | None:
    """Return how a promotion takes units; None where the search does not know its benefit."""
    terms = _uncapped(item, benefit, counter)
    if terms is None or item.offer.benefit.cap is None:
        return terms
    return terms._replace(is_exact=False)


def _uncapped(item: Placed, benefit: Benefit, counter: Counter) -> Terms | None:
    match benefit:
        case PercentBenefit() | FixedBenefit() | FixedPriceBenefit() | PriceListBenefit():
            return _as_they_lie(item, benefit, counter)
        case NthUnitBenefit():
            return _nth(item, benefit, counter)
        case BuyGetBenefit():
            return _buy_get(item, benefit, counter)
        case BundleBenefit():
            return _bundle(item, benefit, counter)
        case _:
            return None


class _Percent(NamedTuple):
    """A percentage of a unit, rounded for itself, or exact with ``rounding`` none."""

    numerator: int
    denominator: int
    divide: Callable[[int, int], int] | None

    @classmethod
    def of(cls, percent: Decimal, rounding: Rounding) -> "_Percent":
        numerator, denominator = (percent / 100).as_integer_ratio()
        return cls(numerator, denominator, None if rounding == "none" else divider(rounding))

    def exactly(self, amount: int) -> int:
        """Return the share in thousandths, rounded up."""
        return -(-amount * self.numerator * SCALE // self.denominator)

    def rounded(self, amount: int) -> int:
        """Return the share as it is rounded for itself, in thousandths."""
        if self.divide is None:
            return self.exactly(amount)
        return self.divide(amount * self.numerator, self.denominator) * SCALE

    def is_whole_on(self, runs: Sequence[Run], lines: Lines) -> bool:
        """Say whether no unit leaves a fraction."""
        return all(
            run.basis * self.numerator % self.denominator == 0 for run in runs if run.line in lines
        )


def _within_room(gain: Callable[[Run], int]) -> RoleGain:
    return lambda run: min(gain(run), run.room * SCALE)


def _as_they_lie(
    item: Placed,
    benefit: PercentBenefit | FixedBenefit | FixedPriceBenefit | PriceListBenefit,
    counter: Counter,
) -> Terms | None:
    """Return the terms of a discount on every unit, or on picked ones."""
    lines = frozenset(item.lines)
    pick = getattr(benefit, "pick", None)
    if pick is not None and pick.within == "sku":
        return None
    paying = _paying(benefit, lines, counter, single=pick is not None and pick.count == 1)
    shape = AllFree() if pick is None else _pick(pick)
    return paying._replace(shape=shape, must_take=pick is None)


def _pick(pick: Pick) -> Shape:
    return Dearest(pick.count) if pick.units == "dearest" else Cheapest(pick.count)


def _paying(
    benefit: PercentBenefit | FixedBenefit | FixedPriceBenefit | PriceListBenefit,
    lines: Lines,
    counter: Counter,
    *,
    single: bool,
) -> Terms:
    base = Terms(AllFree(), [lines])
    match benefit:
        case FixedPriceBenefit(price=price):
            return base._replace(roles=[_within_room(lambda run: max(0, run.cost - price) * SCALE)])
        case PriceListBenefit(prices=prices):
            return base._replace(roles=[_within_room(_listed(prices, counter.basket))])
        case PercentBenefit():
            return _percent(benefit, base, counter, single=single)
        case FixedBenefit(amount=amount, level="line") if not single:
            split = counter.is_split(lines)
            return base._replace(
                by_count=lambda run, units: min(amount, run.room * units) * SCALE,
                is_exact=not split,
            )
        case FixedBenefit(amount=amount, level=level):
            exact = single or level == "unit"
            gain = _within_room(lambda run: min(amount, run.basis) * SCALE)
            return base._replace(roles=[gain], is_exact=exact)


def _listed(prices: dict[str, int], basket: Basket) -> Callable[[Run], int]:
    def gain(run: Run) -> int:
        price = prices.get(basket.lines[run.line].sku)
        return 0 if price is None else max(0, run.cost - price) * SCALE

    return gain


def _percent(benefit: PercentBenefit, base: Terms, counter: Counter, *, single: bool) -> Terms:
    lines = base.reach[0]
    percent = _Percent.of(benefit.percent, counter.rounding)
    whole = percent.is_whole_on(counter.runs, lines)
    if whole or single or (benefit.level == "unit" and percent.divide):
        return base._replace(roles=[_within_room(lambda run: percent.rounded(run.basis))])
    if benefit.level == "line" and percent.divide:
        return base._replace(
            by_count=lambda run, units: min(
                percent.rounded(run.basis * units), run.room * units * SCALE
            ),
            is_exact=not counter.is_split(lines),
            slack=SCALE * len(lines) if counter.is_split(lines) else 0,
        )
    gain = _within_room(lambda run: percent.exactly(run.basis))
    return base._replace(roles=[gain], slack=SCALE, is_exact=False)


def _nth(item: Placed, benefit: NthUnitBenefit, counter: Counter) -> Terms | None:
    lines = frozenset(item.lines)
    if benefit.within == "sku" and not _one_run_a_sku(lines, counter):
        return None
    percents = [_Percent.of(percent, counter.rounding) for percent in benefit.percents]
    roles: list[RoleGain] = [_rounded(percent) for percent in percents]
    goes_on = benefit.last_goes_on
    shape = Counted(len(percents), benefit.repeat and not goes_on, goes_on)
    terms = Terms(shape, [lines] * (len(percents) + 1), [*roles, _nothing])
    terms = terms._replace(slack=SCALE * (counter.rounding == "none"))
    if benefit.within == "sku":
        return _by_run(terms, shape)
    if benefit.arrange == "cheapest_first":
        return terms._replace(shape=CountedUp(shape, counter.units(lines)))
    return terms


def _rounded(percent: _Percent) -> RoleGain:
    return _within_room(lambda run: percent.rounded(run.basis))


def _one_run_a_sku(lines: Lines, counter: Counter) -> bool:
    skus = [counter.basket.lines[run.line].sku for run in counter.runs if run.line in lines]
    return len(set(skus)) == len(skus)


def _by_run(terms: Terms, shape: Counted) -> Terms:
    """Return terms that begin anew with each run: where each SKU is for itself."""
    roles = terms.roles

    def gain(run: Run, units: int) -> int:
        return sum(roles[shape.role_at(place)](run) for place in range(units))

    return terms._replace(
        shape=AllFree(), reach=terms.reach[:1], roles=(), by_count=gain, must_take=True
    )


def _given(benefit: BuyGetBenefit, counter: Counter) -> RoleGain:
    if benefit.price is not None:
        price = benefit.price
        return _within_room(lambda run: max(0, run.cost - price) * SCALE)
    return _rounded(_Percent.of(benefit.percent, counter.rounding))


def _buy_get(item: Placed, benefit: BuyGetBenefit, counter: Counter) -> Terms | None:
    lines = frozenset(item.lines)
    if benefit.same_sku or counter.rounding == "none":
        return None
    roles = [_nothing, _given(benefit, counter)]
    times = benefit.times_max
    if benefit.get_goods is None and benefit.choose == "cheapest":
        units = counter.units(lines)
        if times is not None and times * (benefit.buy + benefit.get) >= units:
            times = None
        return Terms(Chunks(benefit.buy, benefit.get, times), [lines, lines], roles)
    given = lines if benefit.get_goods is None else counter.anywhere(benefit.get_goods)
    shape = _groups((benefit.buy, benefit.get), times, [lines, given], counter)
    return Terms(shape, [lines, given], roles)


def _groups(
    places: tuple[int, ...], times: int | None, reach: Sequence[Lines], counter: Counter
) -> Groups:
    units = counter.units(frozenset().union(*reach))
    possible = units // sum(places)
    bounded = times if times is not None and times < possible else None
    return Groups(places, bounded, units)


def _bundle(item: Placed, benefit: BundleBenefit, counter: Counter) -> Terms:
    reach = [counter.inside(item, place.goods) for place in benefit.items]
    places = tuple(place.quantity for place in benefit.items)
    shape = _groups(places, benefit.times_max, reach, counter)
    terms = Terms(shape, reach)
    size = len(places)
    floors = counter.basket.floors is not None
    if benefit.price is not None:
        bonus = -benefit.price * SCALE
        return terms._replace(
            roles=[lambda run: run.cost * SCALE] * size, bonus=bonus, is_exact=not floors
        )
    if benefit.amount is not None:
        least = sum(
            size * min((run.room for run in counter.runs if run.line in lines), default=0)
            for size, lines in zip(places, reach, strict=True)
        )
        bonus = benefit.amount * SCALE
        return terms._replace(
            roles=[_nothing] * size,
            bonus=bonus,
            is_exact=least >= benefit.amount or not all(reach),
        )
    percent = _Percent.of(benefit.percent or Decimal(0), counter.rounding)
    lines = frozenset().union(*reach)
    whole = percent.is_whole_on(counter.runs, lines)
    return terms._replace(
        roles=[lambda run: percent.exactly(run.basis)] * size,
        bonus=0 if whole else ROUNDED_UP_BY[counter.rounding],
        is_exact=whole and not floors,
    )
