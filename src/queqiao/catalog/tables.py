"""The catalogue's tables. Amounts are minor units of the SKU's currency."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from queqiao.ports.records.base import Microseconds, metadata

products = Table(
    "products",
    metadata,
    Column("product_id", String(128), primary_key=True),
    Column("name", String(400), nullable=False),
    Column("brand", String(200), nullable=True),
    Column("shop", String(200), nullable=True),
    Column("categories", Text, nullable=False),
    Column("tags", Text, nullable=False),
    Column("search_text", Text, nullable=False),
    Column("tax_category", String(200), nullable=True),
    Column("updated_at_us", Microseconds, nullable=False),
    Index(None, "brand"),
)
"""One row a product. ``categories`` and ``tags`` are JSON lists; ``search_text`` is the name, the
id, the brand and the SKUs in lower case."""

product_categories = Table(
    "product_categories",
    metadata,
    Column("category", String(200), primary_key=True),
    Column(
        "product_id",
        String(128),
        ForeignKey("products.product_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Index(None, "product_id"),
)
"""Which products are in a category, for lists by category."""

skus = Table(
    "skus",
    metadata,
    Column("sku", String(128), primary_key=True),
    Column(
        "product_id",
        String(128),
        ForeignKey("products.product_id", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("place", Integer, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("price_minor", BigInteger, nullable=False),
    Column("list_price_minor", BigInteger, nullable=True),
    Column("minimum_price_minor", BigInteger, nullable=True),
    Column("cost_minor", BigInteger, nullable=True),
    Column("stock", BigInteger, nullable=True),
    Column("attributes", Text, nullable=False),
    Index(None, "product_id"),
)
"""One row a SKU; ``place`` is its order within the product; ``stock`` null is not counted."""
