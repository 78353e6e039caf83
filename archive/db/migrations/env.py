"""Alembic's entry: runs inside the connection and transaction that `archive.db.migrating` opened."""

from alembic import context

from archive.db.base import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
