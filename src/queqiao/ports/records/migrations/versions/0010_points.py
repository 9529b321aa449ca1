"""Accounts of points programmes, and the movements on them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TABLES = ("points_accounts", "points_moves")


def upgrade() -> None:
    _accounts()
    _moves()
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")


def _accounts() -> None:
    op.create_table(
        "points_accounts",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("programme_id", sa.String(64), nullable=False),
        sa.Column("customer_id", sa.String(200), nullable=False),
        sa.Column("opened_at_us", sa.BigInteger, nullable=False),
        sa.Column("moves", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("first_move", sa.Integer, nullable=False),
        sa.Column("debt", sa.BigInteger, nullable=False),
        sa.Column("repaying", sa.BigInteger, nullable=False),
        sa.Column("repayments", sa.Integer, nullable=False),
        sa.Column("score", sa.BigInteger, nullable=False),
        sa.Column("tier", sa.String(200), nullable=False),
        sa.Column("due_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_points_accounts"),
    )
    for columns in (["programme_id", "customer_id"], ["customer_id"], ["due_us"]):
        op.create_index("ix_points_accounts_" + "_".join(columns), "points_accounts", columns)


def _moves() -> None:
    op.create_table(
        "points_moves",
        sa.Column("account_id", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("programme_id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("spend_minor", sa.BigInteger, nullable=False),
        sa.Column("order_id", sa.String(200), nullable=False),
        sa.Column("redemption_id", sa.String(32), nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("available_at_us", sa.BigInteger, nullable=False),
        sa.Column("expires_at_us", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("lot", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "number", name="pk_points_moves"),
    )
    op.create_index("ix_points_moves_id", "points_moves", ["id"], unique=True)
    for columns in (
        ["account_id", "state"],
        ["account_id", "lot"],
        ["redemption_id"],
        ["programme_id", "day"],
    ):
        op.create_index("ix_points_moves_" + "_".join(columns), "points_moves", columns)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
