"""Opens and guards the connection to the database.

``engine`` (opens either kind; transactions), ``options``, ``sqlite`` (the file, its write-ahead log), ``postgresql``
(hosts, sessions, poolers), ``idle_age`` (no old connection is used), ``failures`` (errors, lost servers),
``durability`` (does it keep what it commits), ``sqlite_writer_lock``,
``moved`` (the mark of a database that was moved),
``private_file`` (the database's file is for its owner only), ``dialects`` (statements that differ),
``size``.
"""
