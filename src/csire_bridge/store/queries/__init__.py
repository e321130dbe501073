"""The read side: queries for people and programs. Nothing here changes anything.

``search`` (lists by filters), ``lists`` (pages of a million rows, and counts), ``find`` (what a pasted key leads to),
``dossiers`` (all about one thing), ``story`` (an order on a time line), ``messages``, ``today`` (the first page),
``alerts`` (what needs a person). Beside them ``order_waits``, ``guard_facts``, ``clock_facts``, ``reports``;
``law_figures`` (what the regulator counts), ``rule_preview`` (what other rules would do), ``gauges`` (for metrics).
"""
