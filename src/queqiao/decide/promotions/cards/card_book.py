"""Card products compiled: which product and number a card code is of, and its PIN."""

from collections.abc import Iterable

import msgspec

from queqiao.decide.promotions.coupons.codes import LENGTH, CodeMaker, CodeSpace, normal
from queqiao.decide.promotions.documents.card_product import CardProductDocument

PURPOSE = "card"
"""What cards' codes are made for: no code of theirs is one of a coupon."""


class Product(msgspec.Struct, frozen=True):
    """One card product, ready to look codes up."""

    id: str
    document: CardProductDocument
    maker: CodeMaker


class FoundCard(msgspec.Struct, frozen=True):
    """A card code that is one of a product, by its number in it."""

    product: Product
    number: int

    @property
    def code(self) -> str:
        """The code as it is printed."""
        return self.product.maker.code(self.number)


class CardBook:
    """All card products at one moment. Never changes. ``secret`` is the system's key for cards."""

    def __init__(self, products: Iterable[tuple[str, CardProductDocument]], secret: bytes) -> None:
        self.space = CodeSpace(secret, PURPOSE)
        self._made: dict[int, Product] = {}
        self._by_id: dict[str, Product] = {}
        for product_id, document in products:
            maker = CodeMaker(self.space, product_id, document.prefix, document.count)
            product = Product(product_id, document, maker)
            self._made[maker.tag] = self._by_id[product_id] = product

    def product(self, product_id: str) -> Product | None:
        """Return a product by its id."""
        return self._by_id.get(product_id)

    def find(self, said: str) -> tuple[FoundCard | None, str]:
        """Return what a code is of, and the PIN that it would have; any text takes equal work."""
        code = normal(said)
        tag, number = self.space.read(code[-LENGTH:])
        pin = self.space.pin(max(tag, 0), number)
        product = self._made.get(tag)
        if product is None or number >= product.maker.count:
            return None, pin
        if code[:-LENGTH] != product.maker.prefix:
            return None, pin
        return FoundCard(product, number), pin
