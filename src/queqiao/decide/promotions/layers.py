"""Which layer a promotion stands in where it names none."""

from queqiao.decide.promotions.documents.benefit import (
    Benefit,
    BundleBenefit,
    BuyGetBenefit,
    FixedBenefit,
    FixedPriceBenefit,
    NthUnitBenefit,
    PercentBenefit,
    PointsPaymentBenefit,
    PriceListBenefit,
    ShippingBenefit,
)
from queqiao.decide.promotions.documents.profile import Layer
from queqiao.decide.promotions.documents.promotion import PromotionDocument


def layer_of(document: PromotionDocument) -> Layer:
    """Return the layer that the document names; else coupon with a code; else its benefit's."""
    if document.layer is not None:
        return document.layer
    return "coupon" if document.code_batch is not None else _layer_of_benefit(document.benefit)


def _layer_of_benefit(benefit: Benefit) -> Layer:
    match benefit:
        case FixedPriceBenefit() | PriceListBenefit():
            return "price"
        case NthUnitBenefit() | BuyGetBenefit() | BundleBenefit():
            return "line"
        case PercentBenefit() | FixedBenefit() if benefit.level != "order" or benefit.pick:
            return "line"
        case ShippingBenefit():
            return "shipping"
        case PointsPaymentBenefit():
            return "points"
        case _:
            return "order"
