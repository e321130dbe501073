"""An identity provider for trials and tests: discovery, authorization, tokens and keys, on 127.0.0.1 only.

Its users need no password: ``user`` is whoever logs in next. ``faults`` change what it puts into a token.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

__all__ = ["IdentityProvider"]

_LIFETIME = 300


@dataclass
class IdentityProvider:
    """The provider; ``with`` starts and stops it. ``now`` gives seconds since 1970."""

    client_id: str = "csire-bridge"
    client_secret: str | None = None
    now: Callable[[], float] = time.time
    user: dict[str, Any] = field(
        default_factory=lambda: {"sub": "u-1", "preferred_username": "anna", "groups": ["ops"]}
    )
    faults: dict[str, Any] = field(default_factory=dict)
    unsigned: bool = False
    foreign_key: bool = False

    def __post_init__(self) -> None:
        self._key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
        self._codes: dict[str, Mapping[str, str]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> IdentityProvider:
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def discovery(self) -> dict[str, Any]:
        """The document that names everything else."""
        ends = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        return {"issuer": self.issuer, **{name: f"{self.issuer}/{end}" for name, end in ends.items()}}

    def authorize(self, asked: Mapping[str, str]) -> str:
        """Let ``user`` in; where the browser is sent back to."""
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, asked: Mapping[str, str], authorization: str | None) -> tuple[int, dict[str, Any]]:
        """A token for a code, once, and only for whoever knows the verifier and the secret."""
        begun = self._codes.pop(asked.get("code", ""), None)
        digest = hashlib.sha256(asked.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        fits = begun is not None and begun["code_challenge"] == challenge
        if begun is None or not fits or begun["redirect_uri"] != asked.get("redirect_uri"):
            return 400, {"error": "invalid_grant"}
        if self.client_secret is not None:
            known = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
            if authorization != f"Basic {known}":
                return 401, {"error": "invalid_client"}
        return 200, {"access_token": "none", "token_type": "Bearer", "id_token": self._signed(begun["nonce"])}

    def keys(self) -> dict[str, Any]:
        """The keys by which its tokens can be checked."""
        return {"keys": [self._key.as_dict(private=False)]}

    def _signed(self, nonce: str) -> str:
        now = int(self.now())
        usual = {"iss": self.issuer, "aud": self.client_id, "iat": now, "exp": now + _LIFETIME, "nonce": nonce}
        claims = {**usual, **self.user, **self.faults}
        if self.unsigned:
            parts = ({"alg": "none", "kid": "one"}, claims)
            return ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=").decode() for p in parts) + "."
        key = RSAKey.generate_key(2048) if self.foreign_key else self._key
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, key)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path, query = urlsplit(self.path).path, dict(parse_qsl(urlsplit(self.path).query))
                if path == "/authorize":
                    self.send_response(302)
                    self.send_header("Location", provider.authorize(query))
                    self.end_headers()
                    return
                known = {"/.well-known/openid-configuration": provider.discovery, "/keys": provider.keys}
                self._answer(200, known[path]()) if path in known else self._answer(404, {})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                asked = {name: values[0] for name, values in parse_qs(body).items()}
                self._answer(*provider.token(asked, self.headers.get("Authorization")))

            def _answer(self, status: int, facts: object) -> None:
                body = json.dumps(facts).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Nothing is logged."""

        return Handler
