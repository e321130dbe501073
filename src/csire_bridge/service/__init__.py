"""The running service, and the composition root.

``bridge`` wires all packages together, ``bridge_sid`` the part for SID; ``settings_to_values`` makes values of the
settings, where every default stands. What commands use without a bridge: ``standard`` (schemas and mappings),
``identity`` (our key, the partners), ``head_end_reader``. ``service`` owns the threads of one process,
``processes`` starts several.
``web_app`` and ``web_server`` answer HTTP, with ``caller_proofs``, ``health``, ``readiness``. ``startup_checks``: every
problem of the settings, before anything starts.
"""
