"""Members of referral programmes, and who came by their codes."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TABLES = ("referral_members", "referrals")


def upgrade() -> None:
    _members()
    _referrals()
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")


def _members() -> None:
    op.create_table(
        "referral_members",
        sa.Column("programme_id", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("customer_id", sa.String(200), nullable=False),
        sa.Column("joined_at_us", sa.BigInteger, nullable=False),
        sa.Column("device", sa.String(32), nullable=False),
        sa.Column("address", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("programme_id", "number", name="pk_referral_members"),
    )
    for columns in (["programme_id", "customer_id"], ["customer_id"]):
        op.create_index("ix_referral_members_" + "_".join(columns), "referral_members", columns)


def _referrals() -> None:
    op.create_table(
        "referrals",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("programme_id", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("newcomer_id", sa.String(200), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("signal", sa.String(32), nullable=False),
        sa.Column("accepted_at_us", sa.BigInteger, nullable=False),
        sa.Column("ends_us", sa.BigInteger, nullable=False),
        sa.Column("device", sa.String(32), nullable=False),
        sa.Column("address", sa.String(32), nullable=False),
        sa.Column("redemption_id", sa.String(32), nullable=False),
        sa.Column("due_us", sa.BigInteger, nullable=False),
        sa.Column("reward_of", sa.String(64), nullable=False),
        sa.Column("reward_type", sa.String(16), nullable=False),
        sa.Column("reward_amount", sa.BigInteger, nullable=False),
        sa.Column("rewarded_at_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_referrals"),
    )
    for columns in (
        ["programme_id", "number"],
        ["programme_id", "accepted_at_us"],
        ["newcomer_id"],
        ["redemption_id"],
        ["state", "due_us"],
        ["programme_id", "device"],
        ["programme_id", "address", "accepted_at_us"],
    ):
        op.create_index("ix_referrals_" + "_".join(columns), "referrals", columns)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
