"""Groups, bargains and deposits of promotions, and the steps towards them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TABLES = ("engagements", "engagement_steps")


def upgrade() -> None:
    _engagements()
    _steps()
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")


def _engagements() -> None:
    op.create_table(
        "engagements",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("promotion_id", sa.String(64), nullable=False),
        sa.Column("customer_id", sa.String(200), nullable=False),
        sa.Column("rules", sa.Text, nullable=False),
        sa.Column("price_minor", sa.BigInteger, nullable=False),
        sa.Column("seed", sa.String(32), nullable=False),
        sa.Column("steps", sa.Integer, nullable=False),
        sa.Column("started_at_us", sa.BigInteger, nullable=False),
        sa.Column("expires_at_us", sa.BigInteger, nullable=False),
        sa.Column("told_at_us", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_engagements"),
    )
    for columns in (["promotion_id", "customer_id"], ["told_at_us", "expires_at_us"]):
        op.create_index("ix_engagements_" + "_".join(columns), "engagements", columns)


def _steps() -> None:
    op.create_table(
        "engagement_steps",
        sa.Column("engagement_id", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("customer_id", sa.String(200), nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("engagement_id", "number", name="pk_engagement_steps"),
        sa.ForeignKeyConstraint(
            ["engagement_id"],
            ["engagements.id"],
            name="fk_engagement_steps_engagement_id_engagements",
        ),
    )
    columns = ["engagement_id", "customer_id"]
    name = "ix_engagement_steps_engagement_id_customer_id"
    op.create_index(name, "engagement_steps", columns, unique=True)
    op.create_index("ix_engagement_steps_customer_id", "engagement_steps", ["customer_id"])


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
