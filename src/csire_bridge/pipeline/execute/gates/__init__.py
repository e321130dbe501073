"""The gates just before a command: each lets an order pass, ends it, or makes it wait.

``gates`` asks them in order, each in one ``round``, by the ``clocks`` of the head-end systems; with ``rule_gate`` and
``rule_cache`` (the operator's rules), ``danger_gate`` (a cut because of danger), ``law_gate`` (what the law forbids)
and ``meter_gate`` (is it the right meter). ``field_work_gate`` says whether a field crew may be sent instead, and
``explain`` tells the reasoning about one order.
"""
