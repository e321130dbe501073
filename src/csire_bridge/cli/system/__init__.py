"""Commands about the system.

``serve``, ``configuration`` ("config") with ``config_init``, ``database`` ("db"), ``retention``, ``alerts``,
``points``.
``points`` has ``point_actions`` and ``protection``.
"""
