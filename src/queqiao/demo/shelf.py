"""The store's goods as its operators see them when they write offers: by category, brand, product.

With the words that offers are named by, Chinese first and English beside it.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from queqiao.demo.goods import CATEGORIES, CURRENCY, Good

CATEGORY_WORDS: Final = dict(
    zip(
        CATEGORIES,
        (
            "Phones",
            "Appliances",
            "Fashion",
            "Beauty",
            "Food",
            "Kids",
            "Home",
            "Sports",
            "Books",
            "Pets",
        ),
        strict=True,
    )
)
BRAND_WORDS: Final = {
    "青石": "Qingshi",
    "鹿鸣": "Luming",
    "云帆": "Yunfan",
    "禾木": "Hemu",
    "拾光": "Shiguang",
    "北岸": "Bei'an",
    "知夏": "Zhixia",
    "南屿": "Nanyu",
}

Document = dict[str, Any]
Made = Iterable[tuple[str, Document]]
"""Promotions by id."""


class Shelf:
    """Goods in the orders in which offers are made for them."""

    def __init__(self, goods: Sequence[Good]) -> None:
        self.goods = list(goods)
        self.by_category = {name: _of(goods, "category", name) for name in CATEGORIES}
        self.by_brand = {name: _of(goods, "brand", name) for name in BRAND_WORDS}
        self.products = [good for good in goods if good.sku.endswith("-A")]

    def variants(self, product: Good) -> list[Good]:
        """Return every SKU of a product."""
        return [good for good in self.goods if good.product_id == product.product_id]

    def cheapest(self, category: str) -> Good:
        """Return what a category sells for least: such goods are given as gifts."""
        return min(self.by_category[category], key=lambda good: (good.price_minor, good.sku))

    def pairs(self) -> list[tuple[str, str]]:
        """Return the categories and brands that have goods in common."""
        found = {(good.category, good.brand): None for good in self.goods}
        return sorted(found)


def _of(goods: Iterable[Good], field: str, name: str) -> list[Good]:
    return [good for good in goods if getattr(good, field) == name]


def median_minor(goods: Sequence[Good]) -> int:
    """Return what a piece of them usually costs."""
    prices = sorted(good.price_minor for good in goods)
    return prices[len(prices) // 2]


def round_minor(amount: float, step_yuan: int = 10) -> int:
    """Return an amount as shops write it: whole tens of yuan, at least one."""
    return max(1, round(amount / (100 * step_yuan))) * 100 * step_yuan


def less_minor(price_minor: int, percent: int) -> int:
    """Return a price that is so many percent lower, in whole yuan."""
    return max(100, price_minor * (100 - percent) // 10_000 * 100)


def yuan(amount_minor: int) -> str:
    """Write whole yuan."""
    return str(amount_minor // 100)


def fold(percent: int) -> str:
    """Write a discount as shoppers read it: 10 % off is 9 折."""
    return f"{(100 - percent) / 10:g}"


def slug(name: str) -> str:
    """Write a name as ids are written."""
    return name.lower().replace("'", "")


def skus_of(goods: Iterable[Good]) -> Document:
    """Return the scope of these goods."""
    return {"skus": [good.sku for good in goods]}


def product_words(product: Good) -> str:
    """Write a product without its brand and variant."""
    return product.name.split()[1]


def offer(zh: str, en: str, benefit: Document, **more: Any) -> Document:
    """Return a promotion's document with its name in both languages."""
    return {"name": f"{zh} · {en}", "benefit": benefit, "currency": CURRENCY, **more}
