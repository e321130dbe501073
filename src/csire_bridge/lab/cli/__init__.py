"""The laboratory's commands: ``demo`` with ``weekend`` and ``law_days`` (both by ``played_days``), ``bench`` with
``bench_scale`` and ``bench_parts``, ``chaos``, ``simulate`` with ``simulate_tables``, ``pki``, ``partners``
("lab": the simulated partners).
"""
