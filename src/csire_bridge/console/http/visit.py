"""Who visits: by the session's cookie. Each page names the permission that it needs; each form proves its session."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Form, Request
from sqlalchemy import Connection

from csire_bridge.access.authenticate import Present
from csire_bridge.access.browser_login import SESSION_COOKIE, own_cookie, require_own_page
from csire_bridge.api.needs import ApiNeeds
from csire_bridge.console.language.languages import Language, language_of
from csire_bridge.console.needs import ConsoleNeeds
from csire_bridge.domain.people.accounts import Refusal
from csire_bridge.domain.people.actor import Actor, Origin
from csire_bridge.domain.people.acts import PERMISSION_OF, Act
from csire_bridge.domain.people.roles import Permission
from csire_bridge.telemetry.logs import bound_fields

__all__ = [
    "LIVE_PARTS",
    "PART_HEADER",
    "Anybody",
    "Auditing",
    "FormRefused",
    "NotLoggedIn",
    "Personal",
    "Reading",
    "Sending",
    "Visit",
    "acting",
    "cookie_name",
    "needs_of",
    "origin_of",
    "visiting",
]

PART_HEADER = "X-Console-Part"
"""Names the block of the page that is wanted; sent by our script, when a page asks for its news by itself."""


LIVE_PARTS = frozenset({"example", "health", "needs", "news", "now", "progress", "work"})
"""The blocks of pages that their script fetches again by themselves."""


class NotLoggedIn(Exception):
    """Nobody is logged in, or the session has ended."""

    def __init__(self, refusal: Refusal | None) -> None:
        super().__init__(refusal.text if refusal else "nobody is logged in")
        self.refusal = refusal


class FormRefused(Exception):
    """The form does not come from a page that was made for this session."""


@dataclass(frozen=True)
class Visit:
    """One request of somebody who is logged in. ``ends_at`` is when the session ends without further use (UTC)."""

    needs: ConsoleNeeds
    request: Request
    actor: Actor
    language: Language
    session: int
    ends_at: datetime
    csrf: str

    @property
    def api(self) -> ApiNeeds:
        """What pages share with the API."""
        return self.needs.api

    @property
    def now(self) -> datetime:
        """The moment (UTC)."""
        return self.needs.api.clock()

    @property
    def may_read_personal(self) -> bool:
        """Whether personal data are shown; else they are masked."""
        return self.actor.may(Permission.READ_PERSONAL)

    @property
    def part(self) -> str | None:
        """The block that the page asks for by itself; None for the whole page."""
        asked = self.request.headers.get(PART_HEADER)
        return asked if asked in LIVE_PARTS else None

    def may(self, wanted: Permission | Act) -> bool:
        """Whether the visitor has a permission, or the one that an act needs."""
        permission = PERMISSION_OF[wanted] if isinstance(wanted, Act) else wanted
        return permission is None or self.actor.may(permission)

    def reading(self) -> AbstractContextManager[Connection]:
        """A connection for reading."""
        return self.needs.api.database.reading()


def needs_of(request: Request) -> ConsoleNeeds:
    """What the application was given."""
    found = request.app.state.needs
    assert isinstance(found, ConsoleNeeds)  # noqa: S101 - set when the application is built
    return found


def origin_of(request: Request) -> Origin:
    """From where a request comes."""
    address = needs_of(request).api.address_of(request) or None
    return Origin(address=address, request_id=str(bound_fields().get("request", "")) or None)


def cookie_name(needs: ConsoleNeeds) -> str:
    """The name of the session's cookie."""
    return own_cookie(SESSION_COOKIE, secure=needs.secure)


def visiting(permission: Permission | None) -> Callable[[Request], Visit]:
    """Whoever asks for a page that needs ``permission``. Raises NotLoggedIn, or NotAllowed, which says who may."""

    def visit(request: Request) -> Visit:
        found = _visit(request)
        if permission is not None:
            found.actor.require(permission, f"the page {request.url.path}")
        return found

    return visit


def acting(permission: Permission | None) -> Callable[[Request, str], Visit]:
    """Whoever sends a form that needs ``permission``. Raises as ``visiting``, and FormRefused."""

    def visit(request: Request, csrf: Annotated[str, Form(max_length=100)] = "") -> Visit:
        require_own_page(request, needs_of(request).own_address)
        found = _visit(request)
        if not hmac.compare_digest(csrf.encode(), found.csrf.encode()):
            raise FormRefused
        if permission is not None:
            found.actor.require(permission, f"the form of {request.url.path}")
        return found

    visit.checks_forms = True  # type: ignore[attr-defined]
    return visit


def _visit(request: Request) -> Visit:
    needs = needs_of(request)
    secret = request.cookies.get(cookie_name(needs), "")
    if not secret:
        raise NotLoggedIn(None)
    used = PART_HEADER not in request.headers
    found = needs.api.authenticator.present(secret, origin_of(request), used=used)
    if not isinstance(found, Present):
        raise NotLoggedIn(found)
    token = hashlib.sha256(f"form {secret}".encode()).hexdigest()
    return Visit(needs, request, found.actor, language_of(request), found.session, found.ends_at, token)


Anybody = Annotated[Visit, Depends(visiting(None))]
Reading = Annotated[Visit, Depends(visiting(Permission.READ))]
Personal = Annotated[Visit, Depends(visiting(Permission.READ_PERSONAL))]
Auditing = Annotated[Visit, Depends(visiting(Permission.AUDIT))]
Sending = Annotated[Visit, Depends(acting(None))]
