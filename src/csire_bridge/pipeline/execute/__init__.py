"""Step 5: the command to the head-end system, and the truth about the contactor.

``handler`` decides what each order needs. Before the command: ``gates``, with ``rule_gate`` and ``rule_cache`` (the
operator's rules), ``law_gate`` (what the law forbids), ``danger_gate`` (a cut because of danger), ``meter_gate`` (is it
the right meter), ``circuit`` (is the head-end system there), ``resolve_point`` (unknown points), ``after_restore``.
Then ``dispatch`` sends the ``command``. ``read_back`` reads the contactor, ``read_back_decision`` decides what follows,
and ``record_read_back`` writes it. ``field_work_gate`` says whether a field crew may be sent instead. ``deliveries``
notes whether the meter had the command in time. ``explain`` tells the reasoning about one order.
"""
