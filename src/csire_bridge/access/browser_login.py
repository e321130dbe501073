"""Endpoints by which a browser logs in and out, and the cookie that holds its session.

``POST /login`` takes a form with ``name`` and ``password``; ``GET /login/provider`` begins a login at the identity
provider, which comes back to ``GET /login/back``; ``POST /logout`` ends the session. A request that changes something
by a cookie must come from our own pages (``require_own_page``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from typing import Annotated, Protocol
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, HTTPException, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from csire_bridge.access.authenticate import Authenticator, LoggedIn, login_refused, too_many
from csire_bridge.access.identity import Begun, Identity, Provider
from csire_bridge.access.identity_login import log_in_by_identity
from csire_bridge.domain.clock import Clock
from csire_bridge.domain.errors import PartnerUnreachable
from csire_bridge.domain.people.accounts import Refusal, RefusalReason, SessionPolicy
from csire_bridge.domain.people.actor import Origin
from csire_bridge.domain.people.ports import PeopleTransaction

__all__ = [
    "SESSION_COOKIE",
    "BrowserLogin",
    "Tried",
    "entered",
    "login_router",
    "own_cookie",
    "own_path",
    "refusal_status",
    "refused_as_json",
    "require_own_page",
]

SESSION_COOKIE = "csire-session"
_BEGUN_COOKIE = "csire-login"
_BEGUN_SECONDS = 600
_PROVIDER = "identity provider"
_STATUS = {RefusalReason.TOO_MANY: 429, RefusalReason.LOCKED: 403, RefusalReason.MUST_CHANGE: 403}
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]{0,1000}")


@dataclass(frozen=True)
class Tried:
    """What somebody who was not let in had written: the name, and the page to be shown after login."""

    name: str = ""
    to: str = ""


def refused_as_json(_request: Request, refusal: Refusal, _tried: Tried) -> Response:
    """The answer to whoever is not let in: the reason for programs, the words for people."""
    wait = {"Retry-After": str(refusal.wait_seconds)} if refusal.wait_seconds else None
    return JSONResponse({"reason": refusal.reason.value, "text": refusal.text}, refusal_status(refusal), wait)


def refusal_status(refusal: Refusal) -> int:
    """The HTTP status for it."""
    return _STATUS.get(refusal.reason, 401)


def own_path(told: str) -> str | None:
    """A path of our own with its query, as a link told it; None for anything that could lead elsewhere."""
    return told if _OWN_PATH.fullmatch(told) else None


class _Store(Protocol):
    def transaction(self) -> AbstractContextManager[PeopleTransaction]: ...


@dataclass(frozen=True)
class BrowserLogin:
    """What the endpoints need. ``origin`` tells from where a request comes; ``own_address`` is how browsers call us,
    such as https://bridge.example; ``home`` is shown after login, unless the form's field ``next`` names another page
    of ours. ``refused`` makes the answer for whoever is not let in.
    """

    authenticator: Authenticator
    store: _Store
    clock: Clock
    policy: SessionPolicy
    origin: Callable[[Request], Origin]
    own_address: str
    openid: Provider | None = None
    home: str = "/"
    refused: Callable[[Request, Refusal, Tried], Response] = field(default=refused_as_json)

    @property
    def secure(self) -> bool:
        """Whether browsers call us by TLS."""
        return self.own_address.startswith("https://")

    def cookie(self, name: str) -> str:
        """The cookie's name; under TLS no other host and no other path can set it."""
        return own_cookie(name, secure=self.secure)

    def keep(self, response: Response, name: str, value: str, seconds: int) -> Response:
        """Set a cookie that no script can read; ``seconds`` 0 takes it away."""
        kind = self.cookie(name)
        response.set_cookie(kind, value, max_age=seconds, path="/", secure=self.secure, httponly=True, samesite="lax")
        response.headers["Cache-Control"] = "no-store"
        return response


def own_cookie(name: str, *, secure: bool) -> str:
    """The name of a cookie of ours; under TLS (``secure``) no other host and no other path can set it."""
    return f"__Host-{name}" if secure else name


def require_own_page(request: Request, own_address: str) -> None:
    """Refuse with 403 a request that changes something and was sent by a page of somebody else.

    The browser says so itself, by Sec-Fetch-Site, or by Origin; one that says neither is no browser of today. Behind a
    proxy that forbids referrers, Origin is null, and Sec-Fetch-Site says it alone.
    """
    if request.method in _SAFE_METHODS:
        return
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site == "same-origin" and origin == "null":
        return
    if site not in (None, "same-origin", "none") or (origin is not None and not _same(origin, own_address)):
        raise HTTPException(403, "the request was sent by another site's page")
    if site is None and origin is None:
        raise HTTPException(403, "the request does not say which page it was sent by (Origin)")


def _same(origin: str, own: str) -> bool:
    one, other = urlsplit(origin), urlsplit(own)
    return (one.scheme, one.netloc.lower()) == (other.scheme, other.netloc.lower())


def login_router(needs: BrowserLogin) -> APIRouter:
    """The endpoints, to be included at the root of the door."""
    router = APIRouter(include_in_schema=False)
    back = f"{needs.own_address.rstrip('/')}/login/back"

    @router.post("/login")
    def log_in(
        request: Request,
        name: Annotated[str, Form(max_length=200)],
        password: Annotated[str, Form(max_length=1000)],
        to: Annotated[str, Form(alias="next", max_length=1000)] = "",
    ) -> Response:
        require_own_page(request, needs.own_address)
        found = needs.authenticator.log_in(name, password, needs.origin(request))
        return entered(needs, request, found, Tried(name, own_path(to) or needs.home))

    @router.post("/logout")
    def log_out(request: Request) -> Response:
        require_own_page(request, needs.own_address)
        secret = request.cookies.get(needs.cookie(SESSION_COOKIE), "")
        needs.authenticator.log_out(secret, needs.origin(request))
        return needs.keep(RedirectResponse(needs.home, 303), SESSION_COOKIE, "", 0)

    @router.get("/login/provider")
    def begin() -> Response:
        begun = _provider(needs).begin(back)
        kept = json.dumps(asdict(begun) | {"url": ""})
        return needs.keep(RedirectResponse(begun.url, 303), _BEGUN_COOKIE, kept, _BEGUN_SECONDS)

    @router.get("/login/back")
    def come_back(request: Request) -> Response:
        found = _identity(needs, request, back)
        known = _refused(needs, request, found) if isinstance(found, Refusal) else _known(needs, request, found)
        return needs.keep(entered(needs, request, known, Tried(to=needs.home)), _BEGUN_COOKIE, "", 0)

    return router


def _provider(needs: BrowserLogin) -> Provider:
    if needs.openid is None:
        raise HTTPException(404, "no identity provider is set up")
    return needs.openid


def _identity(needs: BrowserLogin, request: Request, back: str) -> Identity | Refusal:
    provider = _provider(needs)
    try:
        begun = Begun(**json.loads(request.cookies.get(needs.cookie(_BEGUN_COOKIE), "")))
    except (ValueError, TypeError):
        return Refusal(RefusalReason.WRONG, "no login was begun in this browser; begin it anew")
    try:
        return provider.end(begun, back, str(request.url))
    except PartnerUnreachable as error:
        raise HTTPException(503, str(error)) from error


def _refused(needs: BrowserLogin, request: Request, why: Refusal) -> Refusal:
    """``why``, which is written into the audit; who comes back in vain again and again is slowed down instead."""
    origin, now = needs.origin(request), needs.clock()
    with needs.store.transaction() as tx:
        wait = tx.tries.take(origin.place, _PROVIDER, now)
        return too_many(wait) if wait is not None else login_refused(tx, _PROVIDER, why, origin, now)


def _known(needs: BrowserLogin, request: Request, identity: Identity) -> LoggedIn | Refusal:
    with needs.store.transaction() as tx:
        return log_in_by_identity(tx, identity, needs.origin(request), needs.policy, needs.clock())


def entered(needs: BrowserLogin, request: Request, found: LoggedIn | Refusal, tried: Tried) -> Response:
    """Send a browser that has a new session where it wanted to go, with its cookie; or say why nobody is let in."""
    if isinstance(found, Refusal):
        return needs.refused(request, found, tried)
    seconds = int((found.expires_at - needs.clock()).total_seconds())
    return needs.keep(RedirectResponse(tried.to, 303), SESSION_COOKIE, found.secret, seconds)
