"""Commands about the system.

``serve``, ``standard`` (schemas and mapping files), ``configuration`` ("config") with ``config_init``, ``database``
("db") with ``database_move``, ``retention``, ``alerts`` with ``alert_lines``, ``points``, which has ``point_actions``
and ``protection``.
"""
