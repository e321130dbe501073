"""Sign in and out, choose a password of one's own, choose language and theme."""

from __future__ import annotations

from enum import StrEnum
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request, Response
from starlette.responses import RedirectResponse

from csire_bridge.access.authenticate import actor_of
from csire_bridge.access.browser_login import (
    BrowserLogin,
    Tried,
    login_router,
    own_path,
    refusal_status,
    require_own_page,
)
from csire_bridge.access.passwords import SHORTEST, against_password
from csire_bridge.access.user_actions import change_password
from csire_bridge.console.area import Area
from csire_bridge.console.http.answers import html
from csire_bridge.console.http.visit import needs_of, origin_of
from csire_bridge.console.language.languages import LANGUAGE_COOKIE, Language, language_of
from csire_bridge.console.needs import ConsoleNeeds
from csire_bridge.console.rendering import Stranger
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.accounts import Refusal, RefusalReason

__all__ = ["SIGN_IN", "Theme", "login_routes"]

_router = APIRouter()
_YEAR = 365 * 24 * 3600
_Name = Annotated[str, Form(max_length=200)]
_Secret = Annotated[str, Form(max_length=1000)]


class Theme(StrEnum):
    """Light, dark, or as the machine is set."""

    AUTO = "auto"
    LIGHT = "light"
    DARK = "dark"


def login_routes(needs: ConsoleNeeds) -> APIRouter:
    """What takes the form of the page for signing in, and the way over the identity provider."""
    api = needs.api
    login = BrowserLogin(
        api.authenticator,
        api.database,
        api.clock,
        needs.policy,
        origin_of,
        needs.own_address,
        openid=needs.openid,
        refused=_refused,
    )
    return login_router(login)


@_router.get("/login")
def sign_in(
    request: Request,
    to: Annotated[str, Query(alias="next", max_length=1000)] = "/",
    ended: bool = False,
    changed: bool = False,
    name: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """The page for signing in."""
    return _sign_in(request, to=to, ended=ended, changed=changed, name=name)


@_router.get("/password")
def password(request: Request, name: Annotated[str, Query(max_length=200)] = "") -> Response:
    """The page for choosing a password of one's own, with the old or the initial one."""
    return _password(request, name)


@_router.post("/password")
def choose_password(request: Request, name: _Name, old: _Secret, new: _Secret, again: _Secret) -> Response:
    """Choose it; all sessions of the account end."""
    needs = needs_of(request)
    require_own_page(request, needs.own_address)
    against = "differ" if new != again else against_password(new, name.strip().lower())
    if against:
        return _password(request, name, against)
    account = needs.api.authenticator.proven(name, old, origin_of(request))
    if isinstance(account, Refusal):
        return _password(request, name, refusal=account)
    act = OperatorAction.of(actor_of(account, origin_of(request)), needs.api.clock())
    with needs.api.database.transaction() as tx:
        change_password(tx, account, needs.api.authenticator.hashed(new), act)
    return RedirectResponse(f"/login?{urlencode({'changed': 1, 'name': account.name})}", HTTPStatus.SEE_OTHER)


@_router.post("/preferences")
def prefer(
    request: Request,
    language: Annotated[Language | None, Form()] = None,
    theme: Annotated[Theme | None, Form()] = None,
    back: Annotated[str, Form(max_length=1000)] = "/",
) -> Response:
    """Keep the language or the theme in this browser."""
    needs = needs_of(request)
    require_own_page(request, needs.own_address)
    response = RedirectResponse(own_path(back) or "/", HTTPStatus.SEE_OTHER)
    for cookie, value in ((LANGUAGE_COOKIE, language), ("csire-theme", theme)):
        if value is not None:
            response.set_cookie(cookie, value, max_age=_YEAR, secure=needs.secure, httponly=True, samesite="lax")
    return response


def _refused(request: Request, refusal: Refusal, tried: Tried) -> Response:
    if refusal.reason is RefusalReason.MUST_CHANGE:
        return RedirectResponse(f"/password?{urlencode({'name': tried.name})}", HTTPStatus.SEE_OTHER)
    response = _sign_in(request, to=tried.to, name=tried.name, status=refusal_status(refusal), refusal=refusal)
    if refusal.wait_seconds:
        response.headers["Retry-After"] = str(refusal.wait_seconds)
    return response


def _sign_in(
    request: Request,
    *,
    to: str = "/",
    ended: bool = False,
    changed: bool = False,
    name: str = "",
    status: int = HTTPStatus.OK,
    refusal: Refusal | None = None,
) -> Response:
    needs = needs_of(request)
    with needs.api.database.read_transaction() as tx:
        accounts = tx.accounts.any()
    facts = {
        "next": own_path(to) or "/",
        "ended": ended,
        "changed": changed,
        "name": name,
        "refusal": refusal,
        "accounts": accounts,
        "openid": needs.openid is not None,
        "request": request,
    }
    return html(Stranger(language_of(request)), "sign_in/sign_in.html", facts, HTTPStatus(status))


def _password(request: Request, name: str, against: str | None = None, refusal: Refusal | None = None) -> Response:
    status = HTTPStatus.OK
    if against or refusal:
        status = HTTPStatus(refusal_status(refusal)) if refusal else HTTPStatus.UNPROCESSABLE_ENTITY
    facts = {"name": name, "against": against, "refusal": refusal, "shortest": SHORTEST, "request": request}
    return html(Stranger(language_of(request)), "sign_in/password.html", facts, status)


SIGN_IN = Area(_router)
