"""Alembic's entry: runs the steps on the connection that ``upgrade`` hands over."""

from alembic import context

from queqiao.ports.records.base import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
context.run_migrations()
