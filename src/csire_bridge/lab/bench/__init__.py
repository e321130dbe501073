"""Measurements, each as a ratio to bare work in the same run: ``intake``, ``roundtrip``, ``webhook``, ``backlog``,
``nodes``, ``memory``, ``law``; ``start``, what a command costs before it does anything; and ``share``, the bridge's own
share of an order's time while partners misbehave; ``console``, its pages with a million orders.

``scene`` sets the place up, ``load`` sends, ``service`` and ``head_end`` run as processes, ``stored_times`` reads what
a run has stored; ``bare`` is the work without the bridge.
"""
