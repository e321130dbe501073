"""Who takes care of orders: the form of one order, and of those that are marked in a list."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Response

from csire_bridge.access.browser_login import own_path
from csire_bridge.access.care_actions import may_care, take_care
from csire_bridge.console.http.acts import carry_out
from csire_bridge.console.http.answers import redirect
from csire_bridge.console.http.visit import Visit, acting
from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.acts import PERMISSION_OF, Act
from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["care_pages", "people_for_care"]

care_pages = APIRouter()
_Caring = Annotated[Visit, Depends(acting(PERMISSION_OF[Act.ORDER_CARE]))]
_Key = Annotated[int, Form(ge=1, le=2**53 - 1)]
_MOST = 100


def people_for_care(tx: UnitOfWork) -> list[str]:
    """The names of those to whom an order can be given."""
    return sorted(one.name for one in tx.accounts.all() if may_care(one))


@care_pages.post("/orders/care")
def care(
    visit: _Caring,
    item: Annotated[list[_Key] | None, Form(max_length=_MOST)] = None,
    person: Annotated[str, Form(max_length=64)] = "",
    back: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """``person`` takes care of these orders from now on; empty: nobody."""
    if not item:
        raise ActionRefused("nothing was chosen", "mark something in the list")

    def work(tx: UnitOfWork, act: OperatorAction) -> None:
        for key in sorted(set(item)):
            take_care(tx, key, person.strip() or None, act)

    carry_out(visit, None, work)
    return redirect(visit, own_path(back) or f"/orders/{item[0]}", "it was done")
