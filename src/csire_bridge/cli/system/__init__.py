"""Commands about the system.

``serve``, ``configuration`` ("config"), ``database`` ("db"), ``retention``, ``alerts``, ``points``.
``points`` has ``point_actions`` and ``protection``.
"""
