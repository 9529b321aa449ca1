"""What the types of mechanics cannot say: each error names path and cure."""

from collections.abc import Iterator
from itertools import pairwise

from queqiao.decide.promotions.documents.benefit import FixedBenefit, FixedPriceBenefit
from queqiao.decide.promotions.documents.mechanic import Bargain, Presale
from queqiao.decide.promotions.documents.promotion import PromotionDocument
from queqiao.kernel.clock import parse_rfc3339
from queqiao.kernel.errors import FieldError, InvalidInput, Message


def mechanic_errors(document: PromotionDocument) -> Iterator[FieldError]:
    """Yield an error for each field of a mechanic, and of its benefit, that cannot stand."""
    mechanic = document.mechanic
    if isinstance(mechanic, Bargain):
        yield from _bargain_errors(mechanic, document)
    elif isinstance(mechanic, Presale):
        yield from _presale_errors(mechanic, document)


def _bargain_errors(mechanic: Bargain, document: PromotionDocument) -> Iterator[FieldError]:
    low, high = mechanic.cut_percent_min, mechanic.cut_percent_max
    for name, percent in (("cut_percent_min", low), ("cut_percent_max", high)):
        if not percent.is_finite() or not 0 <= percent <= 1_000:
            message = Message("要在 0 到 1000 之间", "must be from 0 to 1000")
            yield FieldError(f"mechanic.{name}", message)
            return
    if low > high:
        message = Message("不能小于 cut_percent_min", "must not be below cut_percent_min")
        yield FieldError("mechanic.cut_percent_max", message)
    benefit = document.benefit
    if not isinstance(benefit, FixedPriceBenefit) or benefit.price != mechanic.floor:
        message = Message("砍价的优惠须为等于底价的一口价", "must be a fixed_price at the floor")
        yield FieldError("benefit", message)


def _presale_errors(mechanic: Presale, document: PromotionDocument) -> Iterator[FieldError]:
    names = ("deposit_until", "balance_from", "balance_until")
    moments: list[int] = []
    for name in names:
        try:
            moments.append(parse_rfc3339(getattr(mechanic, name), f"mechanic.{name}"))
        except InvalidInput as error:
            yield from error.fields
    if len(moments) == len(names):
        for place, (before, after) in enumerate(pairwise(moments), 1):
            if after < before or (place == 2 and after == before):
                message = Message(f"须晚于 {names[place - 1]}", f"must be after {names[place - 1]}")
                yield FieldError(f"mechanic.{names[place]}", message)
    if mechanic.deposit_worth < mechanic.deposit:
        message = Message("不能小于定金", "must not be below the deposit")
        yield FieldError("mechanic.deposit_worth", message)
    benefit = document.benefit
    if not isinstance(benefit, FixedBenefit) or benefit.amount != mechanic.deposit_worth:
        message = Message("预售的优惠须为等于定金抵扣额的立减", "must be fixed, of deposit_worth")
        yield FieldError("benefit", message)
