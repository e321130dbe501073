"""Alembic's entry: always on the connection that the store hands over, in its transaction."""

from __future__ import annotations

from alembic import context

from csire_bridge.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
context.run_migrations()
