"""Who calls: the address and TLS client certificate of the connection, or those that a named proxy tells.

Nothing else counts: a stranger's headers say nothing, and from a proxy only what it tells of its caller.

A name in a query, or a header that anybody can write, proves nothing.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from starlette.requests import Request

__all__ = ["Address", "Caller", "Callers", "Network", "is_among", "networks"]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_LONGEST_HEADER = 16 * 1024
_PEM_LINES = re.compile(r"-----(?:BEGIN|END) CERTIFICATE-----|[\s:]")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls. ``address`` is "" if not known; ``certificate`` is the SHA-256 of the TLS client certificate.

    ``proxy`` says that a named proxy calls, so many callers may stand behind the connection.
    """

    address: str
    certificate: bytes | None = None
    proxy: bool = False

    @property
    def origin(self) -> str:
        """The key for quotas: the address; for IPv6 the /64 network, which one household or server has."""
        found = _address(self.address)
        if isinstance(found, ipaddress.IPv6Address):
            return str(ipaddress.ip_network((found, 64), strict=False))
        return self.address


@dataclass(frozen=True)
class Callers:
    """``proxies`` are those that may say who calls: by X-Forwarded-For, X-Forwarded-Proto and ``certificate_header``.

    That header holds the client certificate as PEM (percent-encoded or not), or its base64 (RFC 9440).
    """

    proxies: tuple[Network, ...] = ()
    certificate_header: str = "X-Client-Cert"

    def of(self, request: Request) -> Caller:
        """Who sends ``request``."""
        peer = _peer(request)
        if not is_among(self.proxies, peer):
            return Caller(peer, _of_the_connection(request))
        told = request.headers.getlist(self.certificate_header)
        certificate = _fingerprint(told[0]) if len(told) == 1 else None
        return Caller(self._forwarded(request) or peer, certificate, proxy=True)

    def scheme(self, request: Request) -> str:
        """ "http" or "https", whichever the caller itself has used."""
        told = request.headers.get("x-forwarded-proto", "")
        believed = told in ("http", "https") and is_among(self.proxies, _peer(request))
        return told if believed else request.url.scheme

    def _forwarded(self, request: Request) -> str:
        """The last address in X-Forwarded-For that is not a named proxy; "" if there is none that can be read."""
        told = ",".join(request.headers.getlist("x-forwarded-for"))[-_LONGEST_HEADER:]
        for text in reversed(told.split(",")):
            address = _without_mapping(text.strip())
            if not address:
                return ""
            if not is_among(self.proxies, address):
                return address
        return ""


def _peer(request: Request) -> str:
    """The address of the connection; "" if not known."""
    return _without_mapping(request.client.host if request.client else "")


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Read addresses and networks such as ``10.1.0.0/16``; raises ValueError."""
    return tuple(ipaddress.ip_network(text) for text in texts)


def is_among(among: Iterable[Network], address: str) -> bool:
    """Whether an address is in one of the networks; false for an invalid address."""
    found = _address(address)
    return found is not None and any(found in network for network in among)


def _address(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _without_mapping(text: str) -> str:
    """An address in its normal form, with IPv4-mapped IPv6 as IPv4; "" for an invalid one."""
    found = _address(text)
    if found is None:
        return ""
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return str(mapped or found)


def _of_the_connection(request: Request) -> bytes | None:
    """The SHA-256 of the certificate with which the caller has made our own TLS connection (ASGI's extension tls)."""
    chain = request.scope.get("extensions", {}).get("tls", {}).get("client_cert_chain", ())
    return _fingerprint(chain[0]) if chain else None


def _fingerprint(told: str) -> bytes | None:
    if len(told) > _LONGEST_HEADER:
        return None
    try:
        content = base64.b64decode(_PEM_LINES.sub("", unquote(told)), validate=True)
    except (binascii.Error, ValueError):
        return None
    return hashlib.sha256(content).digest() if content else None
