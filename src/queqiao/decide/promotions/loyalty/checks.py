"""What the type of a points programme cannot say: each error names path and cure."""

from collections.abc import Iterator

from queqiao.decide.promotions.documents.points_programme import MemberTier, PointsProgrammeDocument
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.money import exponent

_ASCENDING = Message("须高于前一等级", "more than that of the tier before")
_TWICE = Message("等级名称重复", "the name of another tier; take a new one")
_ONE_FOR_ONE = Message(
    "余额就是钱：须与 worth.amount 相等", "store credit is money: equal to worth.amount"
)
_NO_TIERS = Message("余额计划没有等级，请删去", "a programme of money has no tiers; remove them")
_DEBT = Message("余额计划只能为 debt", "of a programme of money, debt only")
_MONTHS = Message("至少 1 个月", "at least 1 month")


def check_points_programme(document: PointsProgrammeDocument) -> None:
    """Raise InvalidInput with every field of a programme that cannot stand."""
    errors = [*_currency_errors(document.worth.currency), *_tier_errors(document.tiers)]
    if document.expires == "months" and not document.expires_after:
        errors.append(FieldError("expires_after", _MONTHS))
    if document.holds == "money":
        errors += _money_errors(document)
    if errors:
        raise InvalidInput(*errors)


def _currency_errors(currency: str) -> Iterator[FieldError]:
    try:
        exponent(currency)
    except InvalidInput as error:
        for field in error.fields:
            yield FieldError("worth.currency", field.message)


def _money_errors(document: PointsProgrammeDocument) -> Iterator[FieldError]:
    """Yield what store credit cannot have: it is money, and what is owed stays owed."""
    if document.worth.points != document.worth.amount:
        yield FieldError("worth.points", _ONE_FOR_ONE)
    if document.tiers:
        yield FieldError("tiers", _NO_TIERS)
    if document.taken_back != "debt":
        yield FieldError("taken_back", _DEBT)


def _tier_errors(tiers: tuple[MemberTier, ...]) -> Iterator[FieldError]:
    names: set[str] = set()
    for index, tier in enumerate(tiers):
        if tier.name in names:
            yield FieldError(f"tiers[{index}].name", _TWICE)
        names.add(tier.name)
        if index and tier.at_least <= tiers[index - 1].at_least:
            yield FieldError(f"tiers[{index}].at_least", _ASCENDING)
