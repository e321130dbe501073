"""The shift book: who did what in a shift, what it tells the next one, and what is still open."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Response

from csire_bridge.console.area import Area, MenuEntry
from csire_bridge.console.http.acts import carry_out
from csire_bridge.console.http.answers import page, redirect
from csire_bridge.console.http.visit import Personal, Visit, acting
from csire_bridge.console.language.act_words import WORDS
from csire_bridge.console.lists.fields import Day
from csire_bridge.console.pages.alerts.pages import headline
from csire_bridge.console.pages.alerts.remedies import REMEDIES
from csire_bridge.domain.operations.shifts import DESK_ACTS, Shift
from csire_bridge.domain.order.order import FINAL_STATES
from csire_bridge.domain.people.acts import PERMISSION_OF, Act
from csire_bridge.domain.people.roles import Permission
from csire_bridge.pipeline.operator.shift_actions import hand_over
from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["SHIFT"]

_router = APIRouter()
_SHOWN = 500
_Noting = Annotated[Visit, Depends(acting(PERMISSION_OF[Act.SHIFT_NOTE]))]


@_router.get("/shift")
def book(visit: Personal, day: Day | None = None, number: Annotated[int | None, Query(ge=0, le=2)] = None) -> Response:
    """The present shift, or the one that began then."""
    now = Shift.at(visit.now)
    shift = now if day is None or number is None else Shift(day, number)
    with visit.reading() as connection:
        tx = UnitOfWork(connection)
        found = tx.audit.between(shift.since, shift.until, DESK_ACTS, _SHOWN + 1)
        care = tx.care.newest(_SHOWN) if shift == now else []
        orders = tx.orders.get_many([one.order for one in care])
    acts = [(one.entry, WORDS.get(Act(one.entry.act))) for one in found[:_SHOWN] if one.entry.act != Act.SHIFT_NOTE]
    alerts = visit.api.alerts(visit.now) if shift == now else []
    facts = {
        "shift": shift,
        "is_now": shift == now,
        "acts": acts,
        "more": len(found) > _SHOWN,
        "by_person": Counter(entry.actor for entry, _ in acts).most_common(),
        "notes": [one.entry for one in found if one.entry.act == Act.SHIFT_NOTE],
        "cases": [(one, headline(one.alert, visit.now), REMEDIES[one.alert.kind][1]) for one in alerts],
        "in_care": [(one, orders[one.order]) for one in care if orders[one.order].state not in FINAL_STATES],
        "may_note": visit.may(Act.SHIFT_NOTE),
    }
    return page(visit, "shift/book.html", facts, reads=(Act.ORDER_READ, f"shift book of {shift.since:%Y-%m-%d %H:%M}"))


@_router.post("/shift/notes")
def note(visit: _Noting, why: Annotated[str, Form(min_length=1, max_length=1000)]) -> Response:
    """A note for the next shift."""
    carry_out(visit, why, hand_over)
    return redirect(visit, "/shift", "it was done")


SHIFT = Area(_router, (MenuEntry("/shift", "Shift book", Permission.READ_PERSONAL, order=90),))
