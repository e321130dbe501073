"""Signatures and certificates.

``signature`` (enveloped profile: sign and verify); ``wss`` with ``wss_parts``, ``wss_references`` and ``wss_signer``
(WS-Security profile); for both ``algorithms`` (which are taken), ``exclusive_c14n`` and ``key_info`` (whose certificate
is named); ``signature_template`` (signing fast). Certificates: ``keys``, ``signing_keys`` (ours over time),
``new_keys``, ``pins`` (which may be pinned), ``revocation``, ``partner_book`` (whose they are). ``soap_envelope``: the
hub's SOAP envelopes.
"""
