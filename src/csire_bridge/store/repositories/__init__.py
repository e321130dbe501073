"""One repository for each subject, within one transaction.

Together they are the unit of work in ``store/unit_of_work.py``.

``messages``: journal, outbox, events of the head-end system, partners. ``orders``: orders and what they depend on.
``points``: metering points, their meters and guards. ``people``: accounts, sessions, tokens, the audit. ``alerts``:
alerts, and what is sent of them.
"""
