"""The views that each role has from the beginning; names are English, as in the catalogs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from csire_bridge.console.lists.marked import N_
from csire_bridge.domain.order.order import FINAL_STATES, OrderState
from csire_bridge.domain.people.roles import Role
from csire_bridge.store.queries.lists.counted import MOST_NEW

__all__ = ["SHIPPED", "ShippedView"]


@dataclass(frozen=True, slots=True)
class ShippedView:
    """A view of the list of orders; its count is marked from ``threshold`` on."""

    name: str
    query: str
    threshold: int = 1


_OPEN = "&".join(f"state={state}" for state in OrderState if state not in FINAL_STATES)
_MINE = ShippedView(N_("In my care"), f"care=mine&{_OPEN}", threshold=MOST_NEW)
_DECISIONS = ShippedView(N_("For a decision"), "state=parked")
_ON_SITE = ShippedView(N_("For people on site"), "state=field-work")
_TODAY = ShippedView(N_("Deadline today"), "clock=today")
_OVER = ShippedView(N_("Deadline over"), "clock=past")
_FAILING = ShippedView(N_("Failing"), "failing=true", threshold=20)
_CAP = ShippedView(N_("Held by the cap"), "waits_for=cap")
_CONTESTED = ShippedView(N_("Contested"), "answer=contested")
_OF_A_CLERK = (_MINE, _DECISIONS, _ON_SITE, _TODAY, _OVER)

SHIPPED: Mapping[Role, tuple[ShippedView, ...]] = {
    Role.VIEWER: (_TODAY, _OVER),
    Role.OPERATOR: (*_OF_A_CLERK, _FAILING),
    Role.SUPERVISOR: (*_OF_A_CLERK, _CAP, _CONTESTED),
    Role.ADMINISTRATOR: (_DECISIONS, _FAILING, _OVER),
    Role.AUDITOR: (_OVER, _CONTESTED),
}
