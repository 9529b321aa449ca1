"""Keys say whether a server of the shop's holds them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    trusted = sa.Column("trusted", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("api_keys", trusted)
    op.add_column("api_keys", sa.Column("trust_changed_at_us", sa.BigInteger, nullable=True))


def downgrade() -> None:
    op.drop_column("api_keys", "trust_changed_at_us")
    op.drop_column("api_keys", "trusted")
