"""The reply address that the head-end system gets, with a key that proves that we gave it."""

from __future__ import annotations

import hashlib
import hmac

from cryptography.hazmat.primitives import serialization

from csire_bridge.channels.transport.inbound.caller_proofs import KEY
from csire_bridge.xml.security.certificates.keys import SigningKey

__all__ = ["event_key", "with_key"]

_LABEL = b"csire-bridge: key of the door for events"


def event_key(key: SigningKey) -> str:
    """A key derived from our signing key: the same in every process and after each start, and not guessable."""
    secret = key.key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return hmac.new(secret, _LABEL, hashlib.sha256).hexdigest()[:40]


def with_key(address: str, key: str) -> str:
    """``address`` with the key in its query."""
    return f"{address}{'&' if '?' in address else '?'}{KEY}={key}"
