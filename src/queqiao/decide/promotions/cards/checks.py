"""What the type of a card product cannot say: each error names path and cure."""

from collections.abc import Iterator

from queqiao.decide.promotions.documents.card_product import CardProductDocument
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.money import exponent


def check_card_product(document: CardProductDocument) -> None:
    """Raise InvalidInput with every field of a card product that cannot stand."""
    errors = [*_currency_errors(document.currency), *_value_errors(document)]
    if errors:
        raise InvalidInput(*errors)


def _currency_errors(currency: str) -> Iterator[FieldError]:
    try:
        exponent(currency)
    except InvalidInput as error:
        yield from error.fields


def _value_errors(document: CardProductDocument) -> Iterator[FieldError]:
    if document.value is not None and document.value > document.balance_at_most:
        message = Message("面值不能超过余额上限", "at most balance_at_most")
        yield FieldError("value", message)
