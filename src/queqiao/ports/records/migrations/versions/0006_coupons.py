"""Personal coupons and how they were given out, and void codes."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TABLES = ("coupon_holdings", "coupon_issues", "coupon_voids", "coupon_gifts")
SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    _holdings()
    _issues()
    _voids()
    _gifts()
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")


def _holdings() -> None:
    op.create_table(
        "coupon_holdings",
        sa.Column("batch_id", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("customer_id", sa.String(200), nullable=False),
        sa.Column("origin", sa.String(16), nullable=False),
        sa.Column("request_id", sa.String(255), nullable=False),
        sa.Column("issued_at_us", sa.BigInteger, nullable=False),
        sa.Column("expires_at_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("batch_id", "number", name="pk_coupon_holdings"),
    )
    for columns, unique in (
        (["customer_id", "issued_at_us"], False),
        (["batch_id", "expires_at_us"], False),
        (["batch_id", "customer_id", "request_id"], True),
    ):
        name = "ix_coupon_holdings_" + "_".join(columns)
        op.create_index(name, "coupon_holdings", columns, unique=unique)


def _issues() -> None:
    op.create_table(
        "coupon_issues",
        sa.Column("batch_id", sa.String(64), nullable=False),
        sa.Column("next_number", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("batch_id", name="pk_coupon_issues"),
    )


def _voids() -> None:
    op.create_table(
        "coupon_voids",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("batch_id", sa.String(64), nullable=False),
        sa.Column("first_number", sa.Integer, nullable=False),
        sa.Column("end_number", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_coupon_voids"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_coupon_voids_batch_id", "coupon_voids", ["batch_id"])


def _gifts() -> None:
    op.create_table(
        "coupon_gifts",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("batch_id", sa.String(64), nullable=False),
        sa.Column("segment_id", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("given", sa.Integer, nullable=False),
        sa.Column("reason", sa.String(64), nullable=False),
        sa.Column("created_at_us", sa.BigInteger, nullable=False),
        sa.Column("created_by", sa.String(200), nullable=False),
        sa.Column("finished_at_us", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_coupon_gifts"),
    )
    op.create_index("ix_coupon_gifts_batch_id", "coupon_gifts", ["batch_id"])


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
