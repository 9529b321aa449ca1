"""What only PostgreSQL has: the feed tells who listens, and other database roles see little.

Every table has row-level security and belongs to the role that ran the migrations, whom it does
not bind. Any other role sees no row, whatever it was granted, but for what a policy here opens.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TABLES = (
    "alembic_version", "api_keys", "artifacts", "audit", "changes", "document_revisions",
    "documents", "idempotency", "one_time_tokens", "product_categories", "products", "sessions",
    "skus", "users", "webhook_checkpoint", "webhook_deliveries", "webhook_health",
)  # fmt: skip
OPEN_KINDS = "'campaign', 'event-schema', 'placement', 'promotion', 'segment'"
IS_READER = """EXISTS (SELECT FROM pg_roles WHERE rolname = 'queqiao_reader'
 AND pg_has_role(current_user, oid, 'MEMBER'))"""
SHOPS = """(SELECT substr(rolname, 6) FROM pg_roles WHERE rolname LIKE 'shop:%'
 AND pg_has_role(current_user, oid, 'MEMBER'))"""
OF_SEEN_PRODUCTS = "product_id IN (SELECT product_id FROM products)"
POLICIES = {
    "documents": f"kind IN ({OPEN_KINDS}) AND {IS_READER}",
    "document_revisions": f"kind IN ({OPEN_KINDS}) AND {IS_READER}",
    "products": f"{IS_READER} OR shop IN {SHOPS}",
    "product_categories": OF_SEEN_PRODUCTS,
    "skus": OF_SEEN_PRODUCTS,
}
"""Which rows others may read, by table; none where it is not named."""


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute(
        "CREATE FUNCTION queqiao_tell() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM pg_notify('queqiao_changes', ''); RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER queqiao_tell AFTER INSERT ON changes"
        " FOR EACH STATEMENT EXECUTE FUNCTION queqiao_tell()"
    )
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    for table, seen in POLICIES.items():
        op.execute(f"CREATE POLICY readers ON {table} FOR SELECT USING ({seen})")


def downgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in POLICIES:
        op.execute(f"DROP POLICY readers ON {table}")
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    op.execute("DROP TRIGGER queqiao_tell ON changes")
    op.execute("DROP FUNCTION queqiao_tell()")
