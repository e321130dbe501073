"""Signatures and certificates.

``signature`` (enveloped profile: sign and verify), ``wss`` and ``wss_parts`` (WS-Security profile), ``exclusive_c14n``,
``signature_template`` (signing fast). Certificates: ``keys``, ``signing_keys`` (ours over time), ``new_keys``, ``pins``
(which may be pinned), ``revocation``, ``partner_book`` (whose they are). ``soap_envelope``: the hub's SOAP envelopes.
"""
