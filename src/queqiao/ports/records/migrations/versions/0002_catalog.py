"""Products, the categories they are in, and their SKUs."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    _products()
    _skus()


def _products() -> None:
    op.create_table(
        "products",
        sa.Column("product_id", sa.String(128), nullable=False),
        sa.Column("name", sa.String(400), nullable=False),
        sa.Column("brand", sa.String(200), nullable=True),
        sa.Column("shop", sa.String(200), nullable=True),
        sa.Column("categories", sa.Text, nullable=False),
        sa.Column("tags", sa.Text, nullable=False),
        sa.Column("search_text", sa.Text, nullable=False),
        sa.Column("updated_at_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("product_id", name="pk_products"),
    )
    op.create_index("ix_products_brand", "products", ["brand"])
    op.create_table(
        "product_categories",
        sa.Column("category", sa.String(200), nullable=False),
        sa.Column("product_id", sa.String(128), nullable=False),
        sa.PrimaryKeyConstraint("category", "product_id", name="pk_product_categories"),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["products.product_id"],
            name="fk_product_categories_product_id_products",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_product_categories_product_id", "product_categories", ["product_id"])


def _skus() -> None:
    op.create_table(
        "skus",
        sa.Column("sku", sa.String(128), nullable=False),
        sa.Column("product_id", sa.String(128), nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("price_minor", sa.BigInteger, nullable=False),
        sa.Column("list_price_minor", sa.BigInteger, nullable=True),
        sa.Column("minimum_price_minor", sa.BigInteger, nullable=True),
        sa.Column("cost_minor", sa.BigInteger, nullable=True),
        sa.Column("stock", sa.BigInteger, nullable=True),
        sa.Column("attributes", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("sku", name="pk_skus"),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["products.product_id"],
            name="fk_skus_product_id_products",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_skus_product_id", "skus", ["product_id"])


def downgrade() -> None:
    op.drop_table("skus")
    op.drop_table("product_categories")
    op.drop_table("products")
