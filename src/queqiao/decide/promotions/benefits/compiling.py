"""From a benefit document that has passed its check to its computing form."""

from queqiao.decide.promotions.benefits.bundles import Bundled
from queqiao.decide.promotions.benefits.buy_get import BuyGet
from queqiao.decide.promotions.benefits.compiled import Compiled
from queqiao.decide.promotions.benefits.levels import OnEachLine, OnEachUnit, OnPicked
from queqiao.decide.promotions.benefits.nth_unit import NthUnit
from queqiao.decide.promotions.benefits.points import PointsPayment
from queqiao.decide.promotions.benefits.sums import Fixed, Percent, Sum
from queqiao.decide.promotions.benefits.thresholds import (
    PercentTiers,
    PriceTiers,
    Repeating,
    Threshold,
)
from queqiao.decide.promotions.benefits.unit_prices import UnitPrices
from queqiao.decide.promotions.documents.benefit import (
    Benefit,
    BundleBenefit,
    BuyGetBenefit,
    FixedBenefit,
    FixedPriceBenefit,
    Level,
    NthUnitBenefit,
    PercentBenefit,
    Pick,
    PointsPaymentBenefit,
    PriceListBenefit,
    ThresholdBenefit,
)


def compile_benefit(benefit: Benefit) -> Compiled:
    """Return the computing form of a benefit of goods."""
    match benefit:
        case ThresholdBenefit():
            return _threshold(benefit)
        case PercentBenefit(percent=percent, cap=cap):
            whole, part = Percent(percent, cap), Percent(percent)
            return _picked(_leveled(whole, part, benefit.level), benefit.pick)
        case FixedBenefit(amount=amount, cap=cap):
            return _picked(_leveled(Fixed(amount, cap), Fixed(amount), benefit.level), benefit.pick)
        case FixedPriceBenefit():
            return _picked(UnitPrices(benefit.price, {}), benefit.pick)
        case _:
            return _compile_others(benefit)


def _compile_others(benefit: Benefit) -> Compiled:
    match benefit:
        case PriceListBenefit():
            return _picked(UnitPrices(None, benefit.prices), benefit.pick)
        case PointsPaymentBenefit():
            return PointsPayment(benefit)
        case NthUnitBenefit():
            return NthUnit(benefit)
        case BuyGetBenefit():
            return BuyGet(benefit)
        case BundleBenefit():
            return Bundled(benefit)
        case _:
            raise TypeError(type(benefit).__name__)


def _threshold(benefit: ThresholdBenefit) -> Compiled:
    if benefit.repeat:
        return Repeating(benefit)
    if benefit.tiers[0].price is not None:
        return PriceTiers(benefit)
    return Threshold(benefit) if benefit.tiers[0].percent is None else PercentTiers(benefit)


def _leveled(on_order: Sum, on_part: Sum, level: Level) -> Compiled:
    """Return the benefit at its level; a cap bounds the whole, not each part."""
    if level == "order":
        return on_order
    where = OnEachLine if level == "line" else OnEachUnit
    return where(on_part, on_order.cap)


def _picked(benefit: Compiled, pick: Pick | None) -> Compiled:
    return benefit if pick is None else OnPicked(benefit, pick)
