"""Measurements, each as a ratio to bare work in the same run: ``intake``, ``roundtrip``, ``webhook``, ``backlog``,
``nodes``, ``memory``, ``law``; and ``start``, what a command costs before it does anything.

``scene`` sets the place up, ``load`` sends, ``service`` and ``head_end`` run as processes; ``bare`` is the work without
the bridge.
"""
