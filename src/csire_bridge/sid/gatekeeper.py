"""Who may call our door for SID: by address, and by user and password where these are set."""

from __future__ import annotations

import base64
import binascii
import hmac
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, field

__all__ = ["Gatekeeper"]

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class Gatekeeper:
    """``peers`` are the networks that may call; ``user`` and ``password`` are asked for where they are set."""

    peers: tuple[_Network, ...]
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, peers: Iterable[str], user: str | None = None, password: str | None = None) -> Gatekeeper:
        """Read addresses and networks such as ``10.1.0.0/16``."""
        return cls(tuple(ipaddress.ip_network(peer) for peer in peers), user, password)

    def knows_address(self, host: str) -> bool:
        """Whether somebody at that address may call; what is no address may not."""
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return False
        return any(address in network for network in self.peers)

    def lets_in(self, authorization: str) -> bool:
        """Whether a request's Authorization header names user and password; how wrong they are can't be timed."""
        if self.user is None:
            return True
        expected = f"{self.user}:{self.password or ''}".encode()
        return hmac.compare_digest(_credentials(authorization), expected)


def _credentials(authorization: str) -> bytes:
    """``user:password`` of HTTP's basic authentication (RFC 7617); nothing for anything else."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return b""
