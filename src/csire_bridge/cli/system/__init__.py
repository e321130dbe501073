"""Commands about the system.

``serve``, ``configuration`` ("config") with ``config_init``, ``database`` ("db") with ``database_move``,
``retention``, ``alerts`` with ``alert_lines``, ``points``, which has ``point_actions`` and ``protection``.
"""
