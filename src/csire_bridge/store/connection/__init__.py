"""Opens and guards the connection to the database.

``engine`` (open, transactions, errors), ``durability`` (does it keep what it commits), ``sqlite_writer_lock``,
``private_file`` (the database's file is for its owner only), ``dialects`` (statements that differ).
"""
