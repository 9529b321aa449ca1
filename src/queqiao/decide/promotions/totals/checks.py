"""What the types of benefits around the goods cannot say: each error names path and cure."""

from collections.abc import Iterator
from decimal import Decimal

from queqiao.decide.promotions.check_benefit import percent_errors
from queqiao.decide.promotions.documents.benefit import (
    Benefit,
    CashbackBenefit,
    GiftBenefit,
    PointsPaymentBenefit,
    ShippingBenefit,
)
from queqiao.kernel.errors import FieldError, Message


def reward_errors(benefit: Benefit) -> Iterator[FieldError]:
    """Yield an error for each field of such a benefit that cannot stand."""
    match benefit:
        case ShippingBenefit():
            yield from _one_of(benefit, "percent", "amount", "price")
            yield from _share_errors(benefit.percent)
        case CashbackBenefit():
            yield from _one_of(benefit, "percent", "amount")
            yield from _share_errors(benefit.percent)
        case PointsPaymentBenefit():
            yield from percent_errors("benefit.percent_max", benefit.percent_max)
        case GiftBenefit():
            yield from _gift_errors(benefit)


def _one_of(benefit: Benefit, *names: str) -> Iterator[FieldError]:
    if sum(getattr(benefit, name) is not None for name in names) != 1:
        text = ", ".join(names)
        message = Message(f"须且只能填一个：{text}", f"give exactly one of {text}")
        yield FieldError(f"benefit.{names[0]}", message)


def _share_errors(percent: Decimal | None) -> Iterator[FieldError]:
    return iter(()) if percent is None else percent_errors("benefit.percent", percent)


def _gift_errors(benefit: GiftBenefit) -> Iterator[FieldError]:
    if benefit.every_amount is not None and benefit.every_quantity is not None:
        message = Message(
            "every_amount 与 every_quantity 只能填一个，请删去其一",
            "give every_amount or every_quantity; remove one",
        )
        yield FieldError("benefit.every_quantity", message)
    if benefit.choose is not None and benefit.choose > len(benefit.gifts):
        message = Message("不能多于赠品种数，请减小", "must not be above the number of gifts")
        yield FieldError("benefit.choose", message)
    seen: set[str] = set()
    for name, gifts in (("gifts", benefit.gifts), ("instead", benefit.instead)):
        for index, gift in enumerate(gifts):
            if gift.sku in seen:
                message = Message("赠品重复，请合并数量", "named twice; add up the quantities")
                yield FieldError(f"benefit.{name}[{index}].sku", message)
            seen.add(gift.sku)
