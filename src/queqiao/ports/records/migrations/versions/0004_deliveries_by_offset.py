"""Webhooks' deliveries are found by the offset of their event: an erasure clears them by it."""

from collections.abc import Sequence

from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

INDEX = "ix_webhook_deliveries_event_offset"


def upgrade() -> None:
    op.create_index(INDEX, "webhook_deliveries", ["event_offset"])


def downgrade() -> None:
    op.drop_index(INDEX, "webhook_deliveries")
