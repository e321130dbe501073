"""Care of the database.

``backup`` (SQLite: copy and restore), ``restores`` (which orders are uncertain after a restore),
``integrity_check``, ``audit_guard`` (the triggers that keep the audit), ``retention`` with ``ended_jobs`` and
``archives`` (what may be deleted), ``unproven_bytes`` (the budget for unproven senders).
"""
