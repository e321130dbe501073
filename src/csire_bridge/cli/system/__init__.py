"""Commands about the system: ``serve``, ``database`` ("db"), ``retention``, ``alerts``, ``points``.

``points`` has ``point_actions`` and ``protection``.
"""
