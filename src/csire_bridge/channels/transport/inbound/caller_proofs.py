"""How a caller proves who it is before its message is read: a client certificate, a password, or a key in the address.

An address alone proves nothing: behind a proxy on the same machine everybody is this machine.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass, field

from starlette.requests import Request

from csire_bridge.channels.transport.inbound.caller_address import Caller, Network, is_among
from csire_bridge.channels.transport.inbound.password_guesses import Guesses

__all__ = ["KEY", "Proofs", "Unproved"]

KEY = "key"
"""The query parameter that holds the key."""


class Unproved(Exception):
    """The caller has not proved who it is; ``status`` and ``headers`` are those of the answer."""

    def __init__(self, status: int, sentence: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.headers = headers or {}


@dataclass(frozen=True)
class Proofs:
    """The proofs accepted at one endpoint: one of them is enough; if none is set, nobody may call.

    ``peers``: the addresses that may call at all (none given: every one). ``certificates``: SHA-256 of TLS client
    certificates, as a named proxy tells them. ``user`` and ``password``: HTTP's basic authentication (RFC 7617).
    ``keys``: the values of which the query parameter ``key`` must have one.
    """

    peers: tuple[Network, ...] = ()
    certificates: frozenset[bytes] = frozenset()
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    keys: tuple[str, ...] = field(default=(), repr=False)

    def check(self, request: Request, caller: Caller, guesses: Guesses) -> None:
        """Raise Unproved unless the caller has proved that it may call."""
        if self.peers and not is_among(self.peers, caller.address):
            raise Unproved(403, "this address may not call")
        if caller.certificate is not None and caller.certificate in self.certificates:
            return
        if any(_same(request.query_params.get(KEY, ""), key) for key in self.keys):
            return
        if self.user is None:
            raise Unproved(403, "who calls must prove who it is, as was agreed with the operator")
        self._check_password(_credentials(request.headers.get("authorization", "")), caller, guesses)

    def _check_password(self, given: bytes, caller: Caller, guesses: Guesses) -> None:
        sentence = "user and password are needed, and must be right"
        challenge = {"WWW-Authenticate": 'Basic realm="csire-bridge", charset="UTF-8"'}
        if not given:
            raise Unproved(401, sentence, challenge)
        name = hashlib.sha256(given.partition(b":")[0]).hexdigest()
        wait = guesses.wait(caller.origin, name)
        if wait is not None:
            raise Unproved(429, "too many wrong passwords; wait before the next", {"Retry-After": str(wait)})
        if not hmac.compare_digest(given, f"{self.user}:{self.password or ''}".encode()):
            guesses.wrong(caller.origin, name)
            raise Unproved(401, sentence, challenge)
        guesses.right(caller.origin, name)


def _same(one: str, other: str) -> bool:
    """Compare texts in constant time, so that timing reveals nothing."""
    return hmac.compare_digest(hashlib.sha256(one.encode("utf-8", "replace")).digest(), _digest(other))


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _credentials(authorization: str) -> bytes:
    """``user:password`` of basic authentication; nothing for anything else."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return b""
