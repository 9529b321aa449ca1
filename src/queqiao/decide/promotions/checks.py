"""What the types of promotion documents cannot say: each error names path and cure."""

from collections.abc import Iterator
from decimal import Decimal

from queqiao.decide.promotions.check_benefit import benefit_errors, percent_errors
from queqiao.decide.promotions.check_condition import condition_errors, scope_errors
from queqiao.decide.promotions.check_mechanic import mechanic_errors
from queqiao.decide.promotions.check_stacking import stacking_errors
from queqiao.decide.promotions.documents.benefit import is_reducible
from queqiao.decide.promotions.documents.promotion import Funding, PromotionDocument
from queqiao.decide.promotions.totals.checks import reward_errors
from queqiao.kernel.clock import parse_rfc3339
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.money import exponent


def check_promotion(document: PromotionDocument) -> None:
    """Raise InvalidInput with every field of a promotion that cannot stand."""
    errors = [
        *period_errors(document.starts_at, document.ends_at),
        *scope_errors(document.scope, "scope"),
        *condition_errors(document.condition),
        *benefit_errors(document.benefit, document.scope),
        *stacking_errors(document),
        *reward_errors(document.benefit),
        *_funding_errors(document.funding),
        *_currency_errors(document.currency),
        *_limit_errors(document),
        *_holdback_errors(document.holdback_percent),
        *mechanic_errors(document),
    ]
    if errors:
        raise InvalidInput(*errors)


def period_errors(
    starts_at: str | None, ends_at: str | None, names: tuple[str, str] = ("starts_at", "ends_at")
) -> Iterator[FieldError]:
    """Yield what is wrong with a period whose moments stand in the fields of those names."""
    moments: list[int] = []
    for path, text in zip(names, (starts_at, ends_at), strict=True):
        try:
            moments += [parse_rfc3339(text, path)] if text is not None else []
        except InvalidInput as error:
            yield from error.fields
    if starts_at is not None and len(moments) == 2 and moments[1] <= moments[0]:
        message = Message("结束时间必须晚于开始时间", f"must be later than {names[0]}")
        yield FieldError(names[1], message)


def _funding_errors(funding: Funding) -> Iterator[FieldError]:
    if funding.platform + funding.shop + funding.brand != 100:
        message = Message(
            "平台、店铺、品牌承担比例之和须为 100", "platform, shop and brand must sum to 100"
        )
        yield FieldError("funding", message)


def _currency_errors(currency: str | None) -> Iterator[FieldError]:
    try:
        if currency is not None:
            exponent(currency)
    except InvalidInput as error:
        yield from error.fields


def _holdback_errors(percent: Decimal | None) -> Iterator[FieldError]:
    """Who wants nobody to get a promotion pauses it."""
    if percent is not None:
        yield from percent_errors("holdback_percent", percent, zero=True)
    if percent == 100:
        message = Message("须小于 100；不想发放请暂停", "must be below 100; pause it instead")
        yield FieldError("holdback_percent", message)


def _limit_errors(document: PromotionDocument) -> Iterator[FieldError]:
    """Only what gives money can give a part of it."""
    if document.limits.budget_end == "reduce" and not is_reducible(document.benefit):
        message = Message(
            "这种优惠不能只给一部分，请改用 stop",
            "this benefit cannot be given in part; use stop",
        )
        yield FieldError("limits.budget_end", message)
