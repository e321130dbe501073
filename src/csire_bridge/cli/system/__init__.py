"""Commands about the system: ``serve``, ``database`` ("db"), ``retention``, ``points`` with ``point_actions``
and ``protection``."""
