"""Products know by which category they are taxed."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("products", sa.Column("tax_category", sa.String(200), nullable=True))


def downgrade() -> None:
    op.drop_column("products", "tax_category")
