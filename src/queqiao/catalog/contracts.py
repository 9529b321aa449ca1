"""What other stages may know of goods: products with their SKUs, and the price book."""

from queqiao.catalog.facts import Facts
from queqiao.catalog.price_book import Goods, PriceBook
from queqiao.catalog.price_index import PriceIndex
from queqiao.catalog.product import Product, Sku
from queqiao.catalog.shown import ShownGoods

__all__ = ["Facts", "Goods", "PriceBook", "PriceIndex", "Product", "ShownGoods", "Sku"]
