"""The WS-Security profile: ``wss`` (sign and verify) with ``wss_parts``, ``wss_references`` and ``wss_signer``;
``soap_envelope`` (the hub's SOAP envelopes).
"""
