"""Alembic's entry: runs on the connection that libs.database.migrations hands over."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=context.config.attributes.get("target_metadata"),
    compare_type=True,
    compare_server_default=True,
    transactional_ddl=True,
)
context.run_migrations()
