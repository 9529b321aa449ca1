"""Benefits around the goods, ready to be computed: one small class for each kind."""

from queqiao.decide.promotions.documents.benefit import (
    Benefit,
    CashbackBenefit,
    GiftBenefit,
    PointsBenefit,
    ShippingBenefit,
)
from queqiao.decide.promotions.totals.gifts import GiftRule
from queqiao.decide.promotions.totals.points import Cashback, PointsEarned
from queqiao.decide.promotions.totals.shipping import ShippingOff

Reward = ShippingOff | GiftRule | PointsEarned | Cashback
"""What a promotion gives that takes nothing off the goods."""


def compile_reward(benefit: Benefit) -> Reward | None:
    """Return the computing form of a benefit around the goods, None of one on them."""
    match benefit:
        case ShippingBenefit():
            return ShippingOff(benefit)
        case GiftBenefit():
            return GiftRule(benefit)
        case PointsBenefit():
            return PointsEarned(benefit)
        case CashbackBenefit():
            return Cashback(benefit)
        case _:
            return None
