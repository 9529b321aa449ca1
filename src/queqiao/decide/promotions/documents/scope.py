"""Which goods: a promotion's scope, and the goods that its conditions read."""

from queqiao.decide.promotions.documents.bounds import Document, Names, Price


class GoodsNames(Document, frozen=True):
    """Goods by name: a line that any list names is meant."""

    skus: Names = ()
    categories: Names = ()
    brands: Names = ()
    shops: Names = ()
    tags: Names = ()


class Scope(GoodsNames, frozen=True):
    """The goods that a promotion reads and discounts.

    All lists empty: every line. ``price_at_least`` and ``price_at_most`` bound the price of one
    unit before promotions; ``excluded`` goods are out whatever else names them.
    """

    price_at_least: Price | None = None
    price_at_most: Price | None = None
    excluded: GoodsNames | None = None
