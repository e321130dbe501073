"""The connection pool to the head-end system: one kept-alive HTTP connection for each concurrent request.

Every failure is classified by one question: can the request have arrived?
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache, cached_property
from typing import Any
from urllib.parse import SplitResult

from csire_bridge.channels.hes.http_connection import (
    Connection,
    ExchangeFailed,
    NeverConnected,
    request_head,
    split_address,
)
from csire_bridge.channels.hes.profile import HeadEndProfile
from csire_bridge.channels.hes.request_templates import RequestWriter
from csire_bridge.channels.transport.outbound.tls import UnusableTlsFile, tls_context
from csire_bridge.domain.errors import ConfigurationError, HeadEndUnreachable, OutcomeUnknown
from csire_bridge.telemetry.metrics import timed

__all__ = ["HeadEndTransport"]

_ASK_FIRST = "read the contactor before anything is sent again"


class HeadEndTransport:
    """Sends RequestMessages and returns the answers' bytes."""

    def __init__(self, profile: HeadEndProfile) -> None:
        self._profile = profile
        self._writer = RequestWriter(profile.contract, profile.namespaces, profile.soap_action, profile.dialect.request)
        self._idle: list[Connection] = []
        self._closed = False
        self._head = cache(self._head_of)

    def request(self, verb: str, message: Mapping[str, Any]) -> bytes:
        """Return the bytes of the HES's answer; raise ``HeadEndUnreachable`` or ``OutcomeUnknown``.

        An error in the message itself is raised unchanged, before anything is sent.
        """
        request = self._writer.write(verb, message)
        try:
            with (
                timed("csire_bridge_partner_seconds", partner=self._profile.system, operation=verb),
                self._connection() as connection,
            ):
                return connection.post(self._head(tuple(request.headers.items())), request.body)
        except NeverConnected as error:
            where = self._profile.endpoint
            raise HeadEndUnreachable(
                f"no connection to the HES at {where}: {error}", "check the HES and the network"
            ) from error
        except ExchangeFailed as error:
            where = self._profile.endpoint
            raise OutcomeUnknown(
                f"the HES at {where} took the connection but gave no answer: {error}", _ASK_FIRST
            ) from error

    def close(self) -> None:
        """Close the connections; one that is in use is closed after its request."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()

    @cached_property
    def _address(self) -> SplitResult:
        """The address of requests; raises ConfigurationError for an invalid one."""
        endpoint = self._profile.endpoint
        if not endpoint.startswith(("http://", "https://")):
            raise ConfigurationError(
                f"{endpoint!r} is no address of a HES", "give an address that starts with http:// or https://"
            )
        try:
            return split_address(endpoint)
        except ValueError as error:
            raise ConfigurationError(
                f"{endpoint!r} is no address of a HES: {error}", "correct the setting endpoint"
            ) from error

    def _head_of(self, headers: tuple[tuple[str, str], ...]) -> bytes:
        return request_head(self._address, dict(headers))

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        """A free connection: the one that was used last, or a new one."""
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._new()
        try:
            yield connection
        finally:
            if self._closed:
                connection.close()
            else:
                self._idle.append(connection)

    def _new(self) -> Connection:
        profile = self._profile
        return Connection(
            self._address, self._context, profile.connect_timeout, profile.read_timeout, profile.kept_idle
        )

    @cached_property
    def _context(self) -> ssl.SSLContext | None:
        return self._tls() if self._address.scheme == "https" else None

    def _tls(self) -> ssl.SSLContext:
        """The authorities of the profile and our certificate; raises ConfigurationError."""
        try:
            return tls_context(self._profile.ca_bundle, self._profile.client_certificate)
        except UnusableTlsFile as error:
            raise ConfigurationError(
                f"the files for TLS with the HES can't be used: {error}",
                "check the settings of head_end for its authorities, our certificate and key",
            ) from error
