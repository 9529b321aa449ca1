"""What documents can say and quotes do not reckon with yet: refused, so that nothing is promised.

Each room of the engine takes its entries away when it learns to price them.
"""

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import fields

from queqiao.decide.promotions.documents.promotion import PromotionDocument
from queqiao.kernel.errors import FieldError, Message

UNPRICED: dict[str, tuple[str, ...]] = {
    "": ("mechanic",),
}
"""Fields that must still hold their defaults, by the part of the document."""


def unpriced_errors(document: PromotionDocument) -> Iterator[FieldError]:
    """Yield an error for each field that holds more than a quote reckons with."""
    for part, names in UNPRICED.items():
        value = getattr(document, part) if part else document
        yield from (_not_yet(f"{part}.{name}".lstrip(".")) for name in _said(value, names))


def _said(value: Struct, names: tuple[str, ...]) -> Iterator[str]:
    for field in fields(value):
        if field.name in names and getattr(value, field.name) != field.default:
            yield field.name


def _not_yet(path: str) -> FieldError:
    return FieldError(path, Message("报价尚不支持，请删去", "quotes cannot do this yet; remove it"))
