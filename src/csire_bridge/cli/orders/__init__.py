"""Commands about orders and guards: ``show``, ``explain`` and ``actions`` ("orders"), ``guards`` ("stop", "go", "hold",
"allow"), ``complaints`` ("hold decide", "hold dispute"), ``movements``, ``parked_work`` ("work"), ``alerts``,
``stats``. ``tables``, ``guard_tables`` and ``executions_table`` print them.
"""
