"""One repository for each subject, within one transaction; together they are the unit of work in ``store/database.py``.

``messages`` (the journal), ``processes``, ``orders``, ``order_steps``, ``related_orders``, ``outbox``,
``metering_points``, ``installations``, ``head_end_events``, ``contactors``, ``guards``, ``complaints``, ``sid``,
``partners``, ``rule_sets``.
"""
