"""Login at an identity provider: OpenID Connect, authorization code with PKCE.

The browser is sent to the provider (``begin``) and comes back with a code, for which the provider gives a token that
says who it is (``end``). The token counts only with a signature by a key of the provider, for us, for this very login
and within its time.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from typing import Any

import httpx
from authlib.common.errors import AuthlibBaseError
from authlib.common.security import generate_token
from authlib.oauth2.rfc6749.parameters import parse_authorization_code_response, prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import OpenIDProviderMetadata, get_well_known_url
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from csire_bridge.access.identity import Begun, Identity
from csire_bridge.config.sections.running.access import OidcSettings
from csire_bridge.domain.clock import Clock
from csire_bridge.domain.errors import PartnerUnreachable
from csire_bridge.domain.people.accounts import Refusal, RefusalReason, checked_name
from csire_bridge.domain.written_text import written_text

__all__ = ["OpenId"]

_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA")
_LEEWAY_SECONDS = 60
_MOST_BYTES = 1 << 20


class OpenId:
    """The login at one provider. Its addresses and keys are asked for at each login, so that changes are seen."""

    def __init__(self, settings: OidcSettings, clock: Clock) -> None:
        if settings.issuer is None:
            raise ValueError("no issuer is set")
        self._settings = settings
        self._issuer = settings.issuer
        self._clock = clock

    def begin(self, redirect_uri: str) -> Begun:
        """Begin a login; the provider sends the browser back to ``redirect_uri``. Raises PartnerUnreachable."""
        with self._connected() as http:
            provider = self._provider(http)
        state, nonce, verifier = (generate_token(48) for _ in range(3))
        url = prepare_grant_uri(
            str(provider["authorization_endpoint"]),
            self._settings.client_id,
            "code",
            redirect_uri,
            "openid profile email",
            state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
        )
        return Begun(url, state, nonce, verifier)

    def end(self, begun: Begun, redirect_uri: str, came_back: str) -> Identity | Refusal:
        """Who it is: the browser has come back to the address ``came_back``. Raises PartnerUnreachable."""
        try:
            answer = parse_authorization_code_response(came_back, begun.state)
        except AuthlibBaseError as error:
            return _refused(f"the browser brought no code for this login: {error.error}")
        with self._connected() as http:
            provider = self._provider(http)
            token = self._token(http, provider, str(answer["code"]), redirect_uri, begun.verifier)
            if isinstance(token, Refusal):
                return token
            keys = _json(_asked(lambda: http.get(str(provider["jwks_uri"]))))
        return self._identity(token, keys, begun.nonce)

    def _connected(self) -> httpx.Client:
        bundle = self._settings.ca_bundle
        verify: ssl.SSLContext | bool = ssl.create_default_context(cafile=str(bundle)) if bundle else True
        return httpx.Client(verify=verify, timeout=self._settings.timeout_seconds, trust_env=False)

    def _provider(self, http: httpx.Client) -> Mapping[str, Any]:
        found: Mapping[str, Any] = OpenIDProviderMetadata(
            _json(_asked(lambda: http.get(get_well_known_url(self._issuer, external=True))))
        )
        if found.get("issuer") != self._issuer:
            raise _unreachable(f"it calls itself {found.get('issuer')}", "correct access.oidc.issuer")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not str(found.get(name, "")).startswith(("https://", self._issuer.partition("://")[0] + "://")):
                raise _unreachable(f"it names no {name} that can be used", "look at its discovery document")
        return found

    def _token(
        self, http: httpx.Client, provider: Mapping[str, Any], code: str, redirect_uri: str, verifier: str
    ) -> str | Refusal:
        asked = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
            "client_id": self._settings.client_id,
        }
        file = self._settings.client_secret_file
        lines = written_text(file.read_bytes()).splitlines() if file else []
        auth = httpx.BasicAuth(self._settings.client_id, lines[0]) if lines else httpx.USE_CLIENT_DEFAULT
        answer = _asked(lambda: http.post(str(provider["token_endpoint"]), data=asked, auth=auth), refusable=True)
        token = _json(answer).get("id_token") if answer.status_code == httpx.codes.OK else None
        return token if isinstance(token, str) else _refused("the identity provider gave no token for the code")

    def _identity(self, token: str, keys: Any, nonce: str) -> Identity | Refusal:
        try:
            read = jwt.decode(token, KeySet.import_key_set(keys), algorithms=_ALGORITHMS)
            options = {
                "iss": {"essential": True, "value": self._issuer},
                "aud": {"essential": True, "value": self._settings.client_id},
            }
            params = {"nonce": nonce, "client_id": self._settings.client_id}
            claims = CodeIDToken(read.claims, read.header, options, params)
            claims.validate(int(self._clock().timestamp()), _LEEWAY_SECONDS)
        except (JoseError, AuthlibBaseError, ValueError, TypeError, KeyError) as error:
            return _refused(f"the identity provider's token does not hold: {type(error).__name__}")
        return self._of_claims(read.claims)

    def _of_claims(self, claims: Mapping[str, Any]) -> Identity | Refusal:
        told = claims.get(self._settings.claim)
        groups = [told] if isinstance(told, str) else told if isinstance(told, list) else []
        role = next((role for group, role in self._settings.roles.items() if group in groups), None)
        if role is None:
            return Refusal(RefusalReason.WRONG, "none of your groups at the identity provider has a role here")
        subject = str(claims["sub"])
        try:
            return Identity(subject, checked_name(str(claims.get(self._settings.name_claim) or subject)), role)
        except ValueError as error:
            return Refusal(RefusalReason.WRONG, f"the identity provider's name for you can't be used: {error}")


def _refused(text: str) -> Refusal:
    return Refusal(RefusalReason.WRONG, f"{text}; begin the login anew")


def _asked(ask: Callable[[], httpx.Response], *, refusable: bool = False) -> httpx.Response:
    """An answer of the provider; ``refusable``: it may say no. Raises PartnerUnreachable."""
    try:
        answer = ask()
    except httpx.HTTPError as error:
        raise _unreachable(str(error) or type(error).__name__, "try again; look at access.oidc") from error
    refused = refusable and 400 <= answer.status_code < 500
    if not (answer.is_success or refused) or len(answer.content) > _MOST_BYTES:
        raise _unreachable(f"it answered {answer.status_code}", "look at access.oidc.issuer, and at its log")
    return answer


def _json(answer: httpx.Response) -> Any:
    try:
        found = answer.json()
    except ValueError as error:
        raise _unreachable("its answer is no JSON", "look at access.oidc.issuer") from error
    if not isinstance(found, dict):
        raise _unreachable("its answer is no JSON object", "look at access.oidc.issuer")
    return found


def _unreachable(why: str, remedy: str) -> PartnerUnreachable:
    return PartnerUnreachable(f"the identity provider can't be asked: {why}", remedy)
