"""Alembic: ``env`` is the entry, ``versions`` has one file for each change of the tables, in order of their numbers."""
