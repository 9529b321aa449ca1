"""What the types of benefits cannot say: each error names path and cure."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise

from queqiao.decide.promotions.check_condition import scope_errors
from queqiao.decide.promotions.documents.benefit import (
    Benefit,
    BundleBenefit,
    BuyGetBenefit,
    NthUnitBenefit,
    PercentBenefit,
    ThresholdBenefit,
    Tier,
)
from queqiao.decide.promotions.documents.scope import Scope
from queqiao.kernel.errors import FieldError, Message

PERCENT_DIGITS_MAX = 6
"""Digits after the point of a percentage; more is a slip."""

FREE = Decimal(100)


def benefit_errors(benefit: Benefit, scope: Scope) -> Iterator[FieldError]:
    """Yield an error for each field of a benefit that cannot stand; ``scope``: the promotion's."""
    match benefit:
        case ThresholdBenefit():
            yield from _threshold_errors(benefit)
        case PercentBenefit():
            yield from percent_errors("benefit.percent", benefit.percent)
        case NthUnitBenefit():
            yield from _nth_unit_errors(benefit)
        case BuyGetBenefit():
            yield from _buy_get_errors(benefit)
        case BundleBenefit():
            yield from _bundle_errors(benefit, scope)


def percent_errors(path: str, percent: Decimal, *, zero: bool = False) -> Iterator[FieldError]:
    """Yield why a number is no percentage: above 0 (or 0 too) and at most 100, few digits."""
    if not percent.is_finite() or not 0 <= percent <= 100 or not (percent or zero):
        yield FieldError(path, _BETWEEN if zero else _ABOVE)
    elif -int(percent.as_tuple().exponent) > PERCENT_DIGITS_MAX:
        yield FieldError(
            path,
            Message(
                f"最多 {PERCENT_DIGITS_MAX} 位小数",
                f"at most {PERCENT_DIGITS_MAX} digits after the point",
            ),
        )


_ABOVE = Message("要大于 0 且不超过 100", "must be above 0 and at most 100")
_BETWEEN = Message("要在 0 到 100 之间", "must be from 0 to 100")


TIER_KINDS = ("discount", "percent", "price")


def _threshold_errors(benefit: ThresholdBenefit) -> Iterator[FieldError]:
    tiers = benefit.tiers
    if benefit.repeat and len(tiers) > 1:
        message = Message(
            "“每满”只能有一档，请删去其余档", "with repeat there is one tier; remove others"
        )
        yield FieldError("benefit.tiers", message)
    kind = next((name for name in TIER_KINDS if getattr(tiers[0], name) is not None), "discount")
    if benefit.repeat and kind != "discount":
        message = Message("“每满”只能减金额", "with repeat, give a discount instead")
        yield FieldError(f"benefit.tiers[0].{kind}", message)
    if benefit.cap is not None and kind == "price":
        message = Message("阶梯价不能封顶", "prices have no cap; remove it")
        yield FieldError("benefit.cap", message)
    for index, tier in enumerate(tiers):
        path = f"benefit.tiers[{index}]"
        wrong = list(_kind_errors(path, tier, kind))
        if wrong:
            yield from wrong
            return
        yield from _amount_errors(path, tier, benefit)
    yield from _order_errors(tiers, kind)


def _kind_errors(path: str, tier: Tier, kind: str) -> Iterator[FieldError]:
    """Yield why a tier does not give what the first gives, and that alone."""
    given = [name for name in TIER_KINDS if getattr(tier, name) is not None]
    if not given:
        message = Message("请填写优惠金额、折扣或价格", "give a discount, a percent or a price")
        yield FieldError(f"{path}.{kind}", message)
    elif len(given) > 1:
        message = Message(f"与 {given[0]} 只能填一个", f"give either this or the {given[0]}")
        yield FieldError(f"{path}.{given[1]}", message)
    elif given[0] != kind:
        message = Message("各档须是同一种优惠", "give the same kind in every tier")
        yield FieldError(f"{path}.{given[0]}", message)


def _amount_errors(path: str, tier: Tier, benefit: ThresholdBenefit) -> Iterator[FieldError]:
    if tier.percent is not None:
        yield from percent_errors(f"{path}.percent", tier.percent)
    elif benefit.measure == "amount" and (tier.discount or 0) > tier.at_least:
        message = Message("优惠不能大于门槛，请减小", "must not be above at_least; lower it")
        yield FieldError(f"{path}.discount", message)


def _order_errors(tiers: Sequence[Tier], kind: str) -> Iterator[FieldError]:
    for index, (before, tier) in enumerate(pairwise(tiers), 1):
        path = f"benefit.tiers[{index}]"
        if tier.at_least <= before.at_least:
            message = Message("门槛要逐档增大", "must be above that of the tier before")
            yield FieldError(f"{path}.at_least", message)
        mine, earlier = getattr(tier, kind), getattr(before, kind)
        if kind == "price" and mine >= earlier:
            message = Message("价格要逐档降低", "must be below that of the tier before")
            yield FieldError(f"{path}.price", message)
        elif kind != "price" and mine <= earlier:
            message = Message("优惠要逐档增大", "must be above that of the tier before")
            yield FieldError(f"{path}.{kind}", message)


def _nth_unit_errors(benefit: NthUnitBenefit) -> Iterator[FieldError]:
    for index, percent in enumerate(benefit.percents):
        yield from percent_errors(f"benefit.percents[{index}]", percent, zero=True)
    if not any(benefit.percents):
        message = Message("至少一件要有折扣", "at least one must be above 0")
        yield FieldError("benefit.percents", message)
    if benefit.repeat and benefit.last_goes_on:
        message = Message("循环与“之后各件同最后一件”只能选一个", "set repeat to false for this")
        yield FieldError("benefit.last_goes_on", message)


def _buy_get_errors(benefit: BuyGetBenefit) -> Iterator[FieldError]:
    yield from percent_errors("benefit.percent", benefit.percent)
    if benefit.price is not None and benefit.percent != FREE:
        message = Message("与折扣只能填一个", "give either this or percent")
        yield FieldError("benefit.price", message)
    if benefit.get_goods is not None:
        yield from scope_errors(benefit.get_goods, "benefit.get_goods")
    if benefit.same_sku and benefit.get_goods is not None:
        message = Message("与“赠品范围”只能填一个", "give either this or get_goods")
        yield FieldError("benefit.same_sku", message)


def _bundle_errors(benefit: BundleBenefit, scope: Scope) -> Iterator[FieldError]:
    given = [name for name in ("price", "percent", "amount") if getattr(benefit, name) is not None]
    if not given:
        message = Message("请填写套装价、折扣或立减之一", "give one of price, percent and amount")
        yield FieldError("benefit.price", message)
    for name in given[1:]:
        message = Message(f"与 {given[0]} 只能填一个", f"give either this or {given[0]}")
        yield FieldError(f"benefit.{name}", message)
    if benefit.percent is not None:
        yield from percent_errors("benefit.percent", benefit.percent)
    if sum(item.quantity for item in benefit.items) < 2:
        message = Message("一套至少两件", "a bundle is two units at least")
        yield FieldError("benefit.items", message)
    for index, item in enumerate(benefit.items):
        yield from scope_errors(item.goods, f"benefit.items[{index}].goods")
        if _share_nothing(item.goods, scope):
            message = Message(
                "促销范围里没有这些商品，永远凑不成套", "the scope holds none of these goods"
            )
            yield FieldError(f"benefit.items[{index}].goods", message)


def _share_nothing(goods: Scope, scope: Scope) -> bool:
    """Say whether two scopes that name SKUs only, name none in common."""
    only_skus = [
        not (names.categories or names.brands or names.shops or names.tags) and bool(names.skus)
        for names in (goods, scope)
    ]
    return all(only_skus) and set(goods.skus).isdisjoint(scope.skus)
