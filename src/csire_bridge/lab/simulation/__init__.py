"""A month of orders through the real rules, on a simulated clock. docs/simulate.md explains it.

Before: ``scenarios`` (by ``scenario_names``), ``pattern`` (who asks for what), ``population``, ``outages``. During:
``play`` with ``clock``, ``place``, ``arrivals``, ``head_end``. After: ``check``, ``outcome``, ``law`` (what the law
moved), ``report``.
"""
