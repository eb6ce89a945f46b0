"""Alembic's entry: runs the versions over the connection that `database.py` hands in."""

from alembic import context

from faxgw.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
context.run_migrations()
