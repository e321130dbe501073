"""``/tokens``: API tokens of programs."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import Field

from csire_bridge.access import token_actions
from csire_bridge.access.people_facts import listed_token, token_facts
from csire_bridge.api.http.acts import act
from csire_bridge.api.http.answers import answer
from csire_bridge.api.http.call import ForPeople
from csire_bridge.api.http.fields import IdempotencyKey, MaybeWhy, MomentText, Words
from csire_bridge.api.http.pages import Page
from csire_bridge.api.routes.administration.users import NameText
from csire_bridge.api.routes.shapes import Facts
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.roles import Permission
from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["token_router"]

token_router = APIRouter(prefix="/tokens", tags=["people"])


class NewToken(MaybeWhy):
    """A token. Nobody can give scopes that he does not have himself."""

    name: Words
    scopes: Annotated[list[Permission], Field(min_length=1, max_length=20, examples=[["read"]])]
    expires_at: MomentText


@token_router.get("", response_model=Page[Facts], summary="Every token")
def tokens(call: ForPeople) -> Response:
    """Its scopes, `may_now` (what it may do of them, as its maker may), who made it, when it was last used, its end."""
    with call.reading() as connection:
        tx = UnitOfWork(connection)
        items = [token_facts(listed_token(tx, one, call.now)) for one in tx.tokens.all()]
    return answer(call, {"items": items, "next": None})


@token_router.post("", response_model=Facts, status_code=HTTPStatus.CREATED, summary="Make a token")
def create(call: ForPeople, body: NewToken, idempotency: IdempotencyKey = None) -> Response:
    """`secret` is told this once."""

    def work(tx: UnitOfWork, doing: OperatorAction) -> dict[str, Any]:
        token, secret = token_actions.create(tx, body.name, body.scopes, body.expires_at, doing)
        return token_facts(listed_token(tx, token, doing.at)) | {"secret": secret}

    return act(
        call,
        Act.TOKEN_CREATE,
        body,
        idempotency,
        lambda _: work,
        status=HTTPStatus.CREATED,
        shown_once={"secret"},
    )


@token_router.post("/{name}/revoke", response_model=Facts, summary="End a token at once")
def revoke(call: ForPeople, name: NameText, body: MaybeWhy, idempotency: IdempotencyKey = None) -> Response:
    """Its name stays in every history."""

    def work(tx: UnitOfWork, doing: OperatorAction) -> dict[str, Any]:
        token = token_actions.revoke(tx, name, doing)
        return {"name": token.name, "revoked_at": doing.at}

    return act(call, Act.TOKEN_REVOKE, body, idempotency, lambda _: work)
