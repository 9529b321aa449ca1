"""Stored-value cards."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TABLES = ("cards", "card_moves")


def upgrade() -> None:
    _cards()
    _moves()
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")


def _cards() -> None:
    op.create_table(
        "cards",
        sa.Column("product_id", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("customer_id", sa.String(200), nullable=False),
        sa.Column("activated_at_us", sa.BigInteger, nullable=False),
        sa.Column("expires_at_us", sa.BigInteger, nullable=False),
        sa.Column("written_off", sa.Integer, nullable=False),
        sa.Column("void_reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("product_id", "number", name="pk_cards"),
    )
    op.create_index("ix_cards_written_off_expires_at_us", "cards", ["written_off", "expires_at_us"])


def _moves() -> None:
    op.create_table(
        "card_moves",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("product_id", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("from_product_id", sa.String(64), nullable=False),
        sa.Column("from_number", sa.Integer, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created_at_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_card_moves"),
    )
    for columns in (["product_id", "number"], ["from_product_id", "from_number"], ["state"]):
        op.create_index("ix_card_moves_" + "_".join(columns), "card_moves", columns)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
