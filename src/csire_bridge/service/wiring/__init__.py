"""The only place that knows every package.

``bridge`` wires all packages together, ``bridge_sid`` the part for SID; ``settings_to_values`` makes values of the
settings, where every default stands. What commands use without a bridge: ``standard`` (schemas and mappings),
``identity`` (our key, the partners), ``head_end_reader``, ``alerts_now``.
``api_needs`` and ``console_needs``: what the API and the console need; ``installation``: what administrators see.
``job_tools``: what jobs of people need.
``caller_proofs``: what callers must prove.
``gauges``: what ``/metrics`` reads.
``board_reports``: the monthly report, in the words of the pages.
"""
