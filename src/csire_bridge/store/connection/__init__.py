"""Opens and guards the connection to the database.

``engine`` (open, transactions, errors), ``durability`` (does it keep what it commits), ``sqlite_writer_lock``,
``dialects`` (statements that differ).
"""
