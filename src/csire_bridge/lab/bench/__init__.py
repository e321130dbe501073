"""Measurements, each as a ratio to bare work in the same run: ``intake``, ``roundtrip``, ``webhook``, ``backlog``,
``nodes``, ``memory``.

``scene`` sets the place up, ``load`` sends, ``service`` and ``head_end`` run as processes; ``bare`` is the work without
the bridge.
"""
