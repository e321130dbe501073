"""TLS settings for all partners: version 1.2 or newer, the authorities to trust, and our certificate."""

from __future__ import annotations

import ssl
from pathlib import Path

import certifi

__all__ = ["UnusableTlsFile", "tls_context"]


class UnusableTlsFile(Exception):
    """A file that TLS needs can't be used; ``ours`` when it is our certificate or its key."""

    def __init__(self, text: str, *, ours: bool) -> None:
        super().__init__(text)
        self.ours = ours


def tls_context(ca_bundle: Path | None, client_certificate: tuple[Path, Path] | None) -> ssl.SSLContext:
    """A context made from the current content of the files; ``ca_bundle`` None means the public authorities.

    ``client_certificate`` is our certificate and its key, which has no password. Raises UnusableTlsFile.
    """
    try:
        context = ssl.create_default_context(cafile=str(ca_bundle) if ca_bundle else certifi.where())
    except OSError as error:
        raise UnusableTlsFile(f"the file of trusted authorities can't be used: {error}", ours=False) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.keylog_filename = None  # type: ignore[assignment] # SSLKEYLOGFILE would have the session keys written down
    if client_certificate is not None:
        certificate, key = client_certificate
        try:
            context.load_cert_chain(certificate, key, password=_no_password)
        except (OSError, ValueError) as error:
            raise UnusableTlsFile(f"our client certificate or its key can't be used: {error}", ours=True) from error
    return context


def _no_password() -> str:
    """Without this, a key with a password would be asked for at the terminal."""
    raise ValueError("the key has a password")
