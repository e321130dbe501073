"""Disconnections above the cap of the hour: one person asks for more, another one approves."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Response

from csire_bridge.console.http.acts import carry_out
from csire_bridge.console.http.answers import page, redirect
from csire_bridge.console.http.visit import Reading, Visit, acting
from csire_bridge.console.lists.fields import Key
from csire_bridge.console.pages.today.addresses import address_of
from csire_bridge.domain.metering_point.guards import CAP_WINDOW
from csire_bridge.domain.order.order import WaitsFor
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.roles import Permission, roles_with
from csire_bridge.domain.people.second_person import same_person
from csire_bridge.pipeline.operator import guard_actions
from csire_bridge.store.queries.lists.order_pages import count_orders
from csire_bridge.store.queries.search.order_search import OrderSearch
from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["above_cap_pages"]

above_cap_pages = APIRouter()
_Asking = Annotated[Visit, Depends(acting(Permission.GUARDS))]
_Approving = Annotated[Visit, Depends(acting(Permission.RELEASE))]
_Why = Annotated[str, Form(min_length=1, max_length=500)]
_PATH = "/cap"


@above_cap_pages.get(_PATH)
def above_cap(visit: Reading) -> Response:
    """The cap, what was given within the hour, the orders that wait for it, requests and allowances."""
    waiting = OrderSearch(waits_for=WaitsFor.CAP)
    with visit.reading() as connection:
        tx = UnitOfWork(connection)
        found = tx.guards.allowances(visit.now)
        facts: dict[str, Any] = {
            "given": tx.neighbours.disconnections_given(visit.now - CAP_WINDOW),
            "above": tx.guards.allowed(visit.now),
            "waiting": count_orders(connection, waiting),
        }
    facts |= {
        "cap": visit.api.policy.disconnections_per_hour,
        "waiting_at": address_of(waiting),
        "requests": [one for one in found if one.approved_at is None],
        "allowed": [one for one in found if one.approved_at is not None],
        "may_ask": visit.may(Act.ALLOWANCE_ASK),
        "may_approve": visit.may(Act.ALLOWANCE_APPROVE),
        "is_own": lambda one: same_person(one.asked_by, visit.actor.name),
        "who_asks": roles_with(Permission.GUARDS),
        "who_approves": roles_with(Permission.RELEASE),
    }
    return page(visit, "jobs/cap.html", facts)


@above_cap_pages.post(f"{_PATH}/ask")
def ask(visit: _Asking, count: Annotated[int, Form(ge=1, le=100_000)], why: _Why) -> Response:
    """Ask for more; nothing is sent before another person approves."""
    carry_out(visit, why, lambda tx, act: guard_actions.ask(tx, count, act))
    return redirect(visit, _PATH)


@above_cap_pages.post(f"{_PATH}/{{key}}/approve")
def approve(visit: _Approving, key: Key, hours: Annotated[int, Form(ge=1, le=24)], why: _Why) -> Response:
    """Approve a request of another person; orders that wait for the cap are looked at again at once."""
    carry_out(visit, why, lambda tx, act: guard_actions.approve(tx, key, act, timedelta(hours=hours)))
    return redirect(visit, _PATH)
