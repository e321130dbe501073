"""The SOAP channel to the head-end system: one kept-alive HTTP connection per thread.

It sorts every failure by one question: can the request have arrived? Requests go through urllib3 directly: the layer
that requests puts on top of it costs as much again as the exchange itself.
"""

from __future__ import annotations

import ssl
import threading
import weakref
from collections.abc import Mapping
from typing import Any

import certifi
import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, LocationValueError, NewConnectionError, SSLError

from csire_bridge.domain.errors import BridgeError, ConfigurationError, HeadEndUnreachable, OutcomeUnknown
from csire_bridge.hes.profile import HeadEndProfile
from csire_bridge.hes.request import RequestWriter

__all__ = ["SoapChannel"]

_ASK_FIRST = "read the contactor before anything is sent again"


class SoapChannel:
    """Sends RequestMessages and returns the answers' bytes."""

    def __init__(self, profile: HeadEndProfile) -> None:
        self._profile = profile
        self._writer = RequestWriter(profile.contract, profile.namespaces, profile.soap_action)
        self._local = threading.local()
        self._pools: weakref.WeakSet[urllib3.PoolManager] = weakref.WeakSet()
        self._lock = threading.Lock()

    def request(self, verb: str, message: Mapping[str, Any]) -> bytes:
        """Return the bytes of the HES's answer; raise ``HeadEndUnreachable`` or ``OutcomeUnknown``.

        What is wrong with the message itself is raised as it is, before anything is sent.
        """
        endpoint = self._profile.endpoint
        if not endpoint.startswith(("http://", "https://")):
            raise ConfigurationError(
                f"{endpoint!r} is no address of a HES", "give an address that starts with http:// or https://"
            )
        request = self._writer.write(verb, message)
        try:
            answer = self._pool().request("POST", endpoint, body=request.body, headers=request.headers, redirect=False)
        except (HTTPError, OSError) as error:
            raise self._transport_failure(error) from error
        return answer.data

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._lock:
            pools = list(self._pools)
        for pool in pools:
            pool.clear()

    def _pool(self) -> urllib3.PoolManager:
        """This thread's connection."""
        pool: urllib3.PoolManager | None = getattr(self._local, "pool", None)
        if pool is None:
            pool = self._local.pool = self._new_pool()
        return pool

    def _new_pool(self) -> urllib3.PoolManager:
        profile = self._profile
        certificate, key = profile.client_certificate or (None, None)
        pool = urllib3.PoolManager(
            retries=False,
            timeout=urllib3.Timeout(connect=profile.connect_timeout, read=profile.read_timeout),
            cert_reqs="CERT_REQUIRED",
            ca_certs=str(profile.ca_bundle) if profile.ca_bundle else certifi.where(),
            cert_file=str(certificate) if certificate else None,
            key_file=str(key) if key else None,
        )
        with self._lock:
            self._pools.add(pool)
        return pool

    def _transport_failure(self, error: Exception) -> BridgeError:
        where = self._profile.endpoint
        if isinstance(error, LocationValueError):
            return ConfigurationError(f"{where!r} is no address of a HES: {error}", "correct the setting endpoint")
        if _never_connected(error):
            return HeadEndUnreachable(f"no connection to the HES at {where}: {error}", "check the HES and the network")
        return OutcomeUnknown(f"the HES at {where} took the connection but gave no answer: {error}", _ASK_FIRST)


def _never_connected(error: Exception) -> bool:
    """True when no byte of the request can have left: refused, no such host, no connection in time, no trust."""
    distrusted = isinstance(error, SSLError) and isinstance(error.args[0], ssl.SSLCertVerificationError)
    return distrusted or isinstance(error, NewConnectionError | ConnectTimeoutError)
