"""Commands about orders and guards: ``show``, ``explain`` and ``actions`` ("orders"), ``guards`` ("stop", "go", "hold",
"allow"), ``complaints`` ("hold decide", "hold dispute"), ``danger``, ``movements``, ``parked_work`` ("work"),
``alerts``, ``stats``. ``tables``, ``guard_tables`` and ``executions_table`` print them, ``clock_lines`` the law's
clocks; ``law_figures`` ("stats law") what the regulator can ask for.
"""
