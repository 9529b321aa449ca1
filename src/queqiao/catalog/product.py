"""Products and their SKUs as clients send and read them. Amounts are integers in minor units."""

from typing import Annotated

from msgspec import Meta, Struct

from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.money import exponent
from queqiao.kernel.text import clean

PRICE_MAX_MINOR = 10**12
"""Bound of one price: ten thousand million yuan is a slip of the keyboard."""

Price = Annotated[int, Meta(ge=0, le=PRICE_MAX_MINOR)]
Identifier = Annotated[str, Meta(min_length=1, max_length=128)]
Name = Annotated[str, Meta(min_length=1, max_length=400)]
Word = Annotated[str, Meta(min_length=1, max_length=200)]
Words = Annotated[tuple[Word, ...], Meta(max_length=50)]
Text = Annotated[str, Meta(max_length=1000)]


class Sku(Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that can be sold. ``stock`` None: not counted."""

    sku: Identifier
    price_minor: Price
    currency: str
    list_price_minor: Price | None = None
    minimum_price_minor: Price | None = None
    cost_minor: Price | None = None
    stock: Annotated[int, Meta(ge=-(10**9), le=10**9)] | None = None
    attributes: Annotated[dict[Word, Text], Meta(max_length=100)] = {}


class Product(Struct, frozen=True, forbid_unknown_fields=True):
    """One product and the SKUs it comes in. ``category`` goes from the widest to the narrowest."""

    product_id: Identifier
    name: Name
    skus: Annotated[tuple[Sku, ...], Meta(min_length=1, max_length=500)]
    brand: Word | None = None
    category: Words | Word = ()
    shop: Word | None = None
    tags: Words = ()
    tax_category: Word | None = None

    def categories(self) -> tuple[str, ...]:
        """Return the categories as a tuple, also where one was written alone."""
        return (self.category,) if isinstance(self.category, str) else self.category


def check_product(product: Product, path: str) -> None:
    """Raise InvalidInput, with fields under ``path``, for what the types cannot say."""
    errors: list[FieldError] = []
    for index, sku in enumerate(product.skus):
        errors += _sku_errors(sku, f"{path}.skus[{index}]")
    if len({sku.sku for sku in product.skus}) < len(product.skus):
        errors.append(FieldError(f"{path}.skus", Message("SKU 重复", "a SKU is named twice")))
    if errors:
        raise InvalidInput(*errors)


def _sku_errors(sku: Sku, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    try:
        exponent(sku.currency, f"{path}.currency")
    except InvalidInput as error:
        errors += error.fields
    if sku.minimum_price_minor is not None and sku.minimum_price_minor > sku.price_minor:
        message = Message("最低价不能高于售价", "must not be above price_minor")
        errors.append(FieldError(f"{path}.minimum_price_minor", message))
    return errors


def cleaned(product: Product) -> Product:
    """Return the product with its names in NFC, so that equal texts are equal bytes."""
    category = product.category
    return Product(
        product_id=clean(product.product_id, "product_id", 128),
        name=clean(product.name, "name", 400),
        skus=product.skus,
        brand=None if product.brand is None else clean(product.brand, "brand", 200),
        category=tuple(clean(name, "category", 200) for name in product.categories())
        if not isinstance(category, str)
        else clean(category, "category", 200),
        shop=None if product.shop is None else clean(product.shop, "shop", 200),
        tags=tuple(clean(tag, "tags", 200) for tag in product.tags),
        tax_category=None
        if product.tax_category is None
        else clean(product.tax_category, "tax_category", 200),
    )
