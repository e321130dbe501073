"""Signatures and certificates.

``signature`` (enveloped profile: sign and verify), ``ws_security`` (WS-Security profile); for both ``algorithms``
(which are taken), ``exclusive_c14n`` and ``key_info`` (whose certificate is named); ``signature_template`` (signing
fast). ``certificates``: keys, pins, revocation, and whose they are.
"""
