"""What a rule asks of a cart before it gives: amounts and numbers of units."""

from collections.abc import Iterator
from typing import NamedTuple

from queqiao.decide.promotions.check_condition import walk
from queqiao.decide.promotions.documents.benefit import (
    BundleBenefit,
    BuyGetBenefit,
    GiftBenefit,
    NthUnitBenefit,
    PercentBenefit,
    ThresholdBenefit,
)
from queqiao.decide.promotions.documents.condition import Condition
from queqiao.decide.promotions.documents.promotion import PromotionDocument


class Asks(NamedTuple):
    """``amounts`` in minor units and ``units``, each rising, at which a rule gives more."""

    amounts: tuple[int, ...]
    units: tuple[int, ...]


def asks_of(document: PromotionDocument) -> Asks:
    """Return every amount and number of units that the rule's benefit and conditions name."""
    amounts, units = set(_amounts(document)), set(_units(document))
    for condition in conditions_of(document.condition):
        amounts.add(condition.subtotal_at_least or 0)
        units |= {condition.quantity_at_least or 0, condition.kinds_at_least or 0}
    return Asks(tuple(sorted(amounts - {0})), tuple(sorted(units - {0})))


def conditions_of(condition: Condition) -> Iterator[Condition]:
    """Return a condition and all that stand inside it."""
    return (inner for _, inner, _ in walk(condition, "condition", 1))


def _amounts(document: PromotionDocument) -> Iterator[int]:
    benefit = document.benefit
    if isinstance(benefit, ThresholdBenefit) and benefit.measure == "amount":
        yield from (tier.at_least for tier in benefit.tiers)
        if benefit.repeat and benefit.cap is not None:
            # Where 每满 reaches its cap, the whole is largest.
            tier = benefit.tiers[0]
            yield tier.at_least * -(-benefit.cap // max(tier.discount or 1, 1))
    if isinstance(benefit, PercentBenefit) and benefit.cap is not None:
        yield int(benefit.cap * 100 / benefit.percent)
    if isinstance(benefit, GiftBenefit) and benefit.every_amount is not None:
        yield benefit.every_amount


def _units(document: PromotionDocument) -> Iterator[int]:
    benefit = document.benefit
    if isinstance(benefit, ThresholdBenefit) and benefit.measure == "quantity":
        yield from (tier.at_least for tier in benefit.tiers)
    if isinstance(benefit, NthUnitBenefit):
        yield len(benefit.percents)
    if isinstance(benefit, BuyGetBenefit):
        yield benefit.buy + benefit.get
    if isinstance(benefit, BundleBenefit):
        yield sum(item.quantity for item in benefit.items)
    if isinstance(benefit, GiftBenefit) and benefit.every_quantity is not None:
        yield benefit.every_quantity
