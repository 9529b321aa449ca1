"""What other stages may know of goods: products with their SKUs, and the price book."""

from queqiao.catalog.price_book import Facts, Goods, PriceBook
from queqiao.catalog.product import Product, Sku
from queqiao.catalog.shown import ShownGoods

__all__ = ["Facts", "Goods", "PriceBook", "Product", "ShownGoods", "Sku"]
