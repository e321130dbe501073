"""TLS of an address: a context made of the current files, made anew when they change."""

from __future__ import annotations

import asyncio
import ssl
import time
from datetime import UTC, datetime
from pathlib import Path

from csire_bridge.config.sections.running.doors import TlsSettings
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.telemetry.logs import logger
from csire_bridge.xml.security.certificates.keys import load_certificates

__all__ = ["TlsFiles", "server_context", "tls_facts"]

_log = logger(__name__)
_LOOK_SECONDS = 1.0
_ASKED = {"none": ssl.CERT_NONE, "optional": ssl.CERT_OPTIONAL, "required": ssl.CERT_REQUIRED}

_Stamps = tuple[tuple[int, int, int], ...]


class TlsFiles:
    """For one event loop. A new connection gets the newest usable files; open connections keep what they have."""

    def __init__(self, tls: TlsSettings, setting: str) -> None:
        """Raises ConfigurationError, which names the ``setting``, for files that can't be used."""
        self._tls = tls
        self._setting = setting
        self._stamps = _stamps(tls)
        self._context = server_context(tls, setting)
        self._looked_at = time.monotonic()

    def context(self) -> ssl.SSLContext:
        """The context for the next connection. Unusable new files are logged once, and the old ones stay in use."""
        now = time.monotonic()
        if now - self._looked_at >= _LOOK_SECONDS:
            self._looked_at = now
            self._look()
        return self._context

    def _look(self) -> None:
        stamps = _stamps(self._tls)
        if stamps == self._stamps:
            return
        self._stamps = stamps
        try:
            self._context = server_context(self._tls, self._setting)
        except ConfigurationError as error:
            _log.error("tls.not_renewed", setting=self._setting, why=error)
        else:
            _log.info("tls.renewed", setting=self._setting)


def server_context(tls: TlsSettings, setting: str) -> ssl.SSLContext:
    """A context of the current files: TLS 1.2 or newer. Raises ConfigurationError, which names the ``setting``."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.keylog_filename = None  # type: ignore[assignment] # SSLKEYLOGFILE would have the session keys written down
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(tls.certificate, tls.key, password=_no_password)
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"setting {setting}: the certificate {tls.certificate} with the key {tls.key} can't be used: {error}",
            "name a PEM file of the certificate, its chain behind it, and one of its key without a password",
        ) from error
    _require_valid(tls, setting)
    if tls.client_authorities is not None:
        _trust_clients(context, tls, setting)
    return context


def tls_facts(transport: asyncio.BaseTransport) -> dict[object, object] | None:
    """What an application is told of a connection by TLS, by ASGI's extension of that name; None without TLS.

    The client's certificate is there only if it was verified.
    """
    connection = transport.get_extra_info("ssl_object")
    if connection is None:
        return None
    told = connection.getpeercert(binary_form=True)
    return {"server_cert": None, "client_cert_chain": [ssl.DER_cert_to_PEM_cert(told)] if told else []}


def _require_valid(tls: TlsSettings, setting: str) -> None:
    own = load_certificates(tls.certificate)[0]
    if own.not_valid_after_utc < datetime.now(UTC):
        raise ConfigurationError(
            f"setting {setting}: the certificate {tls.certificate} has ended, on {own.not_valid_after_utc:%Y-%m-%d}",
            "put a new certificate and its key there",
        )


def _trust_clients(context: ssl.SSLContext, tls: TlsSettings, setting: str) -> None:
    """Ask callers for a certificate of the authorities; one of the file itself is good, too, whoever made it."""
    try:
        context.load_verify_locations(tls.client_authorities)
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"setting {setting}: the client authorities {tls.client_authorities} can't be used: {error}",
            "name a PEM file of the authorities that make the callers' certificates",
        ) from error
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.verify_mode = _ASKED[tls.clients]


def _stamps(tls: TlsSettings) -> _Stamps:
    """What changes when a file is written anew or another one takes its place; a missing file has zeros."""
    return tuple(_stamp(file) for file in (tls.certificate, tls.key, tls.client_authorities) if file)


def _stamp(file: Path) -> tuple[int, int, int]:
    try:
        found = file.stat()
    except OSError:
        return (0, 0, 0)
    return (found.st_mtime_ns, found.st_size, found.st_ino)


def _no_password() -> str:
    """Without this, a key with a password would be asked for at the terminal."""
    raise ValueError("the key has a password")
