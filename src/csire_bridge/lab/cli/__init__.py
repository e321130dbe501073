"""The laboratory's commands: ``demo`` with ``weekend``, ``bench`` with ``bench_scale`` and ``bench_parts``, ``chaos``,
``simulate`` with ``simulate_tables``, ``pki``.
"""
