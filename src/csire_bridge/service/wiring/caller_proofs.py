"""How callers prove their identity at our endpoints, from the settings."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cryptography.hazmat.primitives import hashes

from csire_bridge.channels.sid.profile import read_password
from csire_bridge.channels.transport.inbound.caller_address import networks
from csire_bridge.channels.transport.inbound.caller_proofs import Proofs
from csire_bridge.config.settings import Settings
from csire_bridge.xml.security.certificates.keys import load_certificates

__all__ = ["event_proofs", "sid_proofs"]


def sid_proofs(settings: Settings) -> Proofs:
    """The proofs accepted from SID; raises ConfigurationError for an unreadable file."""
    sid = settings.sid
    return Proofs(
        networks(sid.peers),
        _fingerprints(sid.caller_certificates),
        sid.caller_user,
        _password(sid.caller_password_file),
    )


def event_proofs(settings: Settings, keys: tuple[str, ...]) -> Proofs:
    """The proofs accepted from the head-end system; raises ConfigurationError for an unreadable file.

    ``keys``: one of them is part of the reply address that the head-end system got.
    """
    head_end = settings.head_end
    return Proofs(
        networks(head_end.event_peers),
        _fingerprints(head_end.event_certificates),
        head_end.event_user,
        _password(head_end.event_password_file),
        keys if head_end.event_key else (),
    )


def _password(file: Path | None) -> str | None:
    return read_password(file) if file else None


def _fingerprints(files: Iterable[Path]) -> frozenset[bytes]:
    return frozenset(found.fingerprint(hashes.SHA256()) for file in files for found in load_certificates(file))
