"""Amounts at the door: a decimal of the vocabulary fits whole minor units of its currency.

Nothing is rounded later, so what does not fit is refused here, by its path. An amount without a
currency is left to the loader, which knows the shop's own. ``*_minor`` integers fit by nature and
win over the decimal beside them.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec

from queqiao.kernel.money import parse_minor
from queqiao.kernel.vocabulary import EVENTS, Product

_AMOUNTS = ("price", "value", "total", "subtotal", "revenue", "discount", "shipping", "tax")
_USUAL = frozenset("CNY HKD TWD SGD USD EUR GBP AUD CAD MYR THB PHP IDR INR BRL MXN PLN".split())
"""Currencies of two digits that are judged at a glance."""
_PLAIN_MAX = 1e13
"""Below it an amount in hundredths has at most 15 digits, which a float holds unmistakably."""


class _Form(NamedTuple):
    """Which amounts a type of properties has, and what reads them all at once."""

    names: tuple[str, ...]
    read: Callable[[Any], tuple[Any, ...]]
    has_products: bool


def _form_of(kind: type[msgspec.Struct]) -> _Form:
    fields = kind.__struct_fields__
    names = tuple(name for name in fields if name in _AMOUNTS)
    # The currency at the end makes it two names at least, and so always a tuple.
    return _Form(names, attrgetter(*names, "currency", "currency"), "products" in fields)


_KINDS: list[type[msgspec.Struct]] = [Product, *EVENTS.values()]
_FORMS = {kind: _form_of(kind) for kind in _KINDS if "currency" in kind.__struct_fields__}


def check_amounts(properties: Any, path: str = "properties", currency: str | None = None) -> None:
    """Raise InvalidInput naming the first amount that does not fit, or an unknown currency.

    ``currency`` stands in for properties that name none.
    """
    form = _FORMS.get(properties.__class__)
    if form is None:
        return
    currency = properties.currency or currency
    if form.has_products:
        for index, product in enumerate(properties.products):
            check_amounts(product, f"{path}.products[{index}]", currency)
    if not currency:
        return
    for name, value in zip(form.names, form.read(properties), strict=False):
        if value is not None and not (
            value.__class__ is float
            and currency in _USUAL
            and -_PLAIN_MAX < value < _PLAIN_MAX
            and round(value * 100) / 100 == value
        ):
            _look_closely(properties, name, value, currency, path)


def _look_closely(properties: Any, name: str, value: object, currency: str, path: str) -> None:
    if getattr(properties, f"{name}_minor", None) is None:
        parse_minor(str(value), currency, f"{path}.{name}")
