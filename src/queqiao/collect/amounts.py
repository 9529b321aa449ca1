"""Amounts at the door: a decimal of the vocabulary fits whole minor units of its currency.

Nothing is rounded later, so what does not fit is refused here, by its path. An amount without a
currency is left to the loader, which knows the shop's own. ``*_minor`` integers fit by nature and
win over the decimal beside them.
"""

import msgspec

from queqiao.kernel.money import parse_minor

_AMOUNTS = ("price", "value", "total", "subtotal", "revenue", "discount", "shipping", "tax")


def check_amounts(properties: msgspec.Struct, path: str = "properties") -> None:
    """Raise InvalidInput naming the first amount that does not fit, or an unknown currency."""
    _check(properties, getattr(properties, "currency", None), path)


def _check(part: msgspec.Struct, currency: str | None, path: str) -> None:
    for index, product in enumerate(getattr(part, "products", ())):
        _check(product, product.currency or currency, f"{path}.products[{index}]")
    if not currency:
        return
    for name in _AMOUNTS:
        value = getattr(part, name, None)
        if value is not None and getattr(part, f"{name}_minor", None) is None:
            parse_minor(str(value), currency, f"{path}.{name}")
