"""The same question to an independent solver: OR-Tools CP-SAT, modelled from the documents.

How many units of each line a promotion takes are the variables; savings are equalities, rounded
as the profile rounds; the promotions of the order follow in their sequence on what is left. The
meaning is that of ``documents/benefit.py``; nothing of the engine is called.

It shares units out; what the promotions give one after the other, each by its own rule, it does
not know. There buy-and-get gives the cheapest of all its units and not of each group, so it may
give less and reach a step that groups miss: once in some 2,500 carts that is the best. Whoever
compares takes the better of the two (``bench.best.by_sequence``).
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from ortools.sat import sat_parameters_pb2
from ortools.sat.python import cp_model

from queqiao.decide.promotions.documents.benefit import (
    BundleBenefit,
    BuyGetBenefit,
    FixedBenefit,
    PercentBenefit,
    ThresholdBenefit,
)
from queqiao.decide.promotions.documents.promotion import InlinePromotion
from queqiao.decide.promotions.documents.scope import Scope
from queqiao.decide.promotions.quote_types import CatalogItem, QuoteRequest

Expression = cp_model.LinearExprT


class Solved(NamedTuple):
    """What the best choice discounts; ``is_optimal``: the solver has proven it."""

    discount: int
    is_optimal: bool


def solve(question: QuoteRequest, workers: int = 1, seconds_max: float = 60.0) -> Solved:
    """Return the best discount of a cart of ``combination_carts``."""
    return _Model(question).solve(workers, seconds_max)


class _Model:
    def __init__(self, question: QuoteRequest) -> None:
        self.model = cp_model.CpModel()
        catalog = {item.sku: item for item in question.catalog or ()}
        self.goods = [catalog[line.sku] for line in question.cart.lines]
        self.counts = [line.quantity for line in question.cart.lines]
        self.total = sum(
            item.price * count for item, count in zip(self.goods, self.counts, strict=True)
        )
        self.free: list[list[Expression]] = [[] for _ in self.goods]
        self.must: list[tuple[cp_model.IntVar, list[int]]] = []
        savings = self._on_units(question.promotions or ())
        self._share_units()
        self.saved = savings + self._on_order(question.promotions or (), savings)
        self.model.maximize(self.saved)

    def solve(self, workers: int, seconds_max: float) -> Solved:
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = workers
        solver.parameters.max_time_in_seconds = seconds_max
        solver.parameters.random_seed = 1
        _suit(solver.parameters)
        status = solver.solve(self.model)
        return Solved(round(solver.objective_value), status == cp_model.OPTIMAL)

    def _count(self, most: int) -> cp_model.IntVar:
        return self.model.new_int_var(0, most, "")

    def _yes(self) -> cp_model.IntVar:
        return self.model.new_bool_var("")

    def _inside(self, scope: Scope) -> list[int]:
        return [place for place, item in enumerate(self.goods) if _holds(scope, item)]

    def _on_units(self, promotions: Sequence[InlinePromotion]) -> Expression:
        """Return what the promotions of the line layer save together."""
        savings: list[Expression] = []
        for promotion in promotions:
            lines = self._inside(promotion.scope)
            match promotion.benefit:
                case BundleBenefit() as bundle:
                    savings += self._bundles(bundle, lines)
                case BuyGetBenefit() as buy_get:
                    savings += self._buy_get(buy_get, lines)
                case PercentBenefit(level="line" | "unit") as percent:
                    savings += self._percent(percent, lines)
        return sum(savings)

    def _share_units(self) -> None:
        """Let a unit take part once; where a percentage is used, no unit in its scope is left."""
        for used, count in zip(self.free, self.counts, strict=True):
            self.model.add(sum(used) <= count)
        for is_used, lines in self.must:
            for line in lines:
                everything = sum(self.free[line]) == self.counts[line]
                self.model.add(everything).only_enforce_if(is_used)

    def _percent(self, benefit: PercentBenefit, lines: list[int]) -> list[Expression]:
        is_used, savings = self._yes(), []
        self.must.append((is_used, lines))
        for line in lines:
            units = self._count(self.counts[line])
            self.model.add(units == 0).only_enforce_if(~is_used)
            self.free[line].append(units)
            price = self.goods[line].price
            gains = [
                _half_up(price * n * Fraction(benefit.percent) / 100)
                if benefit.level == "line"
                else n * _half_up(price * Fraction(benefit.percent) / 100)
                for n in range(self.counts[line] + 1)
            ]
            saving = self._count(max(gains))
            self.model.add_element(units, gains, saving)
            savings.append(saving)
        return savings

    def _bundles(self, benefit: BundleBenefit, lines: list[int]) -> list[Expression]:
        """So many bundles at once: the carts' bundles all save, and whole minor units."""
        size = sum(item.quantity for item in benefit.items)
        made = self._count(sum(self.counts) // size)
        worth: list[Expression] = []
        for item in benefit.items:
            inside = [line for line in self._inside(item.goods) if line in lines]
            places = [self._count(self.counts[line]) for line in inside]
            self.model.add(sum(places) == item.quantity * made)
            for line, units in zip(inside, places, strict=True):
                self.free[line].append(units)
                worth.append(self.goods[line].price * units)
        if benefit.amount is not None:
            return [benefit.amount * made]
        if benefit.price is not None:
            return [*worth, -benefit.price * made]
        saving = self._count(self.total)
        share = Fraction(benefit.percent or 0) / 100
        self.model.add(saving * share.denominator == sum(worth) * share.numerator)
        return [saving]

    def _buy_get(self, benefit: BuyGetBenefit, lines: list[int]) -> list[Expression]:
        """The units that take part form groups from the dearest down, the last of each is given.

        So many groups are whole when all units down to a line have come, so many before it: the
        difference is given in this line.
        """
        assert benefit.get == 1
        size = benefit.buy + 1
        savings: list[Expression] = []
        taken: Expression = 0
        whole: Expression = 0
        for line in sorted(lines, key=lambda line: -self.goods[line].price):
            units = self._count(self.counts[line])
            self.free[line].append(units)
            taken = taken + units
            groups = self._count(sum(self.counts) // size)
            self.model.add(size * groups <= taken)
            self.model.add(taken <= size * groups + benefit.buy)
            gain = _half_up(self.goods[line].price * Fraction(benefit.percent) / 100)
            savings.append(gain * (groups - whole))
            whole = groups
        self.model.add(taken == size * whole)
        return savings

    def _on_order(self, promotions: Sequence[InlinePromotion], saved: Expression) -> Expression:
        """Return what the promotions of the order save, each in its turn on what is left."""
        left: Expression = self.total - saved
        savings: list[Expression] = []
        order = sorted(promotions, key=lambda promotion: (-promotion.priority, promotion.id or ""))
        for promotion in order:
            most = self._order_saving(promotion, left)
            if most is None:
                continue
            is_used, saving = self._yes(), self._count(self.total)
            self.model.add(saving == most).only_enforce_if(is_used)
            self.model.add(saving == 0).only_enforce_if(~is_used)
            savings.append(saving)
            rest = self._count(self.total)
            self.model.add(rest == left - saving)
            left = rest
        return sum(savings)

    def _order_saving(self, promotion: InlinePromotion, left: Expression) -> cp_model.IntVar | None:
        saving = self._count(self.total)
        match promotion.benefit:
            case ThresholdBenefit(repeat=True) as threshold:
                times = self._count(self.total // threshold.tiers[0].at_least)
                self.model.add_division_equality(times, left, threshold.tiers[0].at_least)
                self.model.add(saving == times * (threshold.tiers[0].discount or 0))
            case ThresholdBenefit(tiers=tiers):
                steps: list[Expression] = []
                below = 0
                for tier in tiers:
                    reached = self._yes()
                    self.model.add(left >= tier.at_least).only_enforce_if(reached)
                    self.model.add(left < tier.at_least).only_enforce_if(~reached)
                    steps.append(((tier.discount or 0) - below) * reached)
                    below = tier.discount or 0
                self.model.add(saving == sum(steps))
            case PercentBenefit(level="order", percent=percent):
                self._rounded_share(saving, left, Fraction(percent) / 100)
            case FixedBenefit(amount=amount):
                self.model.add_min_equality(saving, [left, amount])
            case _:
                return None
        return saving

    def _rounded_share(self, saving: cp_model.IntVar, worth: Expression, share: Fraction) -> None:
        """Half up: twice the share and one, halved and cut."""
        twice = 2 * share.numerator * worth + share.denominator
        self.model.add_division_equality(saving, twice, 2 * share.denominator)


def _suit(parameters: sat_parameters_pb2.SatParameters) -> None:
    """Set what makes the solver quickest on these carts: several times as fast as its defaults."""
    parameters.linearization_level = 2
    parameters.cp_model_probing_level = 0
    parameters.symmetry_level = 0
    parameters.max_presolve_iterations = 1


def _holds(scope: Scope, item: CatalogItem) -> bool:
    if not scope.skus and not scope.categories:
        return True
    return item.sku in scope.skus or not set(scope.categories).isdisjoint(item.categories)


def _half_up(value: Fraction) -> int:
    return int(value + Fraction(1, 2))
