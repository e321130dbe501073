"""Who calls: by the bearer token of a program, or the secret of a session; each path names the permission it needs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import Connection

from csire_bridge.api.http.problems import ApiProblem
from csire_bridge.api.needs import ApiNeeds
from csire_bridge.domain.people.accounts import Refusal
from csire_bridge.domain.people.actor import Actor, NotAllowed, Origin
from csire_bridge.domain.people.roles import Permission
from csire_bridge.pipeline.operator.refusals import note_refusal
from csire_bridge.telemetry.logs import bound_fields

__all__ = [
    "Anybody",
    "Auditing",
    "Call",
    "ForPartners",
    "ForPeople",
    "ForPoints",
    "ForSystem",
    "Guarding",
    "Ordering",
    "Personal",
    "Pointing",
    "Reading",
    "Releasing",
    "Replaying",
    "Ruling",
    "needs_of",
]

_BEARER = HTTPBearer(auto_error=False, description="An API token, or the secret of a session")
_READS = ("GET", "HEAD")
_TOKEN_PREFIX = "csb_"  # noqa: S105 - how a token begins, no secret
_Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]


@dataclass(frozen=True)
class Call:
    """One request of somebody who is known."""

    needs: ApiNeeds
    actor: Actor
    request: Request

    @property
    def now(self) -> datetime:
        """The moment (UTC)."""
        return self.needs.clock()

    @property
    def may_read_personal(self) -> bool:
        """Whether the caller is told personal data; else they are masked."""
        return self.actor.may(Permission.READ_PERSONAL)

    def reading(self) -> AbstractContextManager[Connection]:
        """A connection for reading."""
        return self.needs.database.reading()


def needs_of(request: Request) -> ApiNeeds:
    """What the application was given."""
    found = request.app.state.needs
    assert isinstance(found, ApiNeeds)  # noqa: S101 - set when the application is built
    return found


def _permitted(permission: Permission | None) -> Callable[[Request, HTTPAuthorizationCredentials | None], Call]:
    def call(request: Request, credentials: _Credentials) -> Call:
        needs = needs_of(request)
        actor = _actor(request, needs, credentials)
        what = f"{request.method} {request.url.path}"
        try:
            if permission is not None:
                actor.require(permission, what)
        except NotAllowed as error:
            if request.method not in _READS:
                note_refusal(needs.database, actor, what, needs.clock(), None, error)
            raise
        return Call(needs, actor, request)

    return call


def _actor(request: Request, needs: ApiNeeds, credentials: HTTPAuthorizationCredentials | None) -> Actor:
    if credentials is None:
        raise _nobody("the header Authorization: Bearer TOKEN is missing")
    origin = Origin(
        address=needs.address_of(request) or None, request_id=str(bound_fields().get("request", "")) or None
    )
    secret = credentials.credentials
    by = needs.authenticator.by_token if secret.startswith(_TOKEN_PREFIX) else needs.authenticator.by_session
    found = by(secret, origin)
    if isinstance(found, Refusal):
        raise _nobody(found.text)
    return found


def _nobody(text: str) -> ApiProblem:
    remedy = "an administrator makes a token: csire-bridge tokens create; see docs/api.md"
    return ApiProblem(HTTPStatus.UNAUTHORIZED, "not-logged-in", text, remedy, {"WWW-Authenticate": "Bearer"})


Reading = Annotated[Call, Depends(_permitted(Permission.READ))]
Personal = Annotated[Call, Depends(_permitted(Permission.READ_PERSONAL))]
Ordering = Annotated[Call, Depends(_permitted(Permission.ORDERS))]
Guarding = Annotated[Call, Depends(_permitted(Permission.GUARDS))]
Pointing = Annotated[Call, Depends(_permitted(Permission.POINTS))]
Releasing = Annotated[Call, Depends(_permitted(Permission.RELEASE))]
Replaying = Annotated[Call, Depends(_permitted(Permission.REPLAY))]
Ruling = Annotated[Call, Depends(_permitted(Permission.RULES))]
Auditing = Annotated[Call, Depends(_permitted(Permission.AUDIT))]
Anybody = Annotated[Call, Depends(_permitted(None))]
ForPeople = Annotated[Call, Depends(_permitted(Permission.PEOPLE))]
ForPartners = Annotated[Call, Depends(_permitted(Permission.PARTNERS))]
ForPoints = Annotated[Call, Depends(_permitted(Permission.POINTS))]
ForSystem = Annotated[Call, Depends(_permitted(Permission.SYSTEM))]
