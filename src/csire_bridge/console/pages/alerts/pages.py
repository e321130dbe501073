"""What needs a person now, who takes care of it and until when; what was; what was sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Response

from csire_bridge.console.area import Area, MenuEntry
from csire_bridge.console.http.acts import carry_out
from csire_bridge.console.http.answers import page, redirect
from csire_bridge.console.http.visit import Reading, Visit, acting
from csire_bridge.console.lists.fields import After
from csire_bridge.console.pages.alerts.remedies import REMEDIES
from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.operations.alert_areas import URGENT
from csire_bridge.domain.operations.alerts import Alert, AlertKind
from csire_bridge.domain.people.acts import PERMISSION_OF, Act
from csire_bridge.domain.people.roles import Permission
from csire_bridge.pipeline.operator import alert_actions
from csire_bridge.store.queries.alerts.alert_list import alert_history
from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["ALERTS", "Until", "headline"]

_router = APIRouter()
_SHOWN = 50
_Caring = Annotated[Visit, Depends(acting(PERMISSION_OF[Act.ALERT_ACKNOWLEDGE]))]
_MORNING = time(8)
_MONDAY = 0


class Until(StrEnum):
    """How long somebody takes care."""

    HOUR = "hour"
    SHIFT = "shift"
    MORNING = "morning"
    MONDAY = "monday"

    def moment(self, now: datetime) -> datetime:
        """When that ends (UTC): mornings are 8:00 in Poland."""
        if self in (Until.HOUR, Until.SHIFT):
            return now + timedelta(hours=1 if self is Until.HOUR else 8)
        day = now.astimezone(WARSAW).date() + timedelta(days=1)
        while self is Until.MONDAY and day.weekday() != _MONDAY:
            day += timedelta(days=1)
        return datetime.combine(day, _MORNING, WARSAW).astimezone(UTC)


@_router.get("/alerts")
def now(visit: Reading) -> Response:
    """Conditions that hold now, those that need a person and are urgent first."""
    found = sorted(visit.api.alerts(visit.now), key=lambda one: (not one.needs_a_person, one.alert.kind not in URGENT))
    rows = [(one, headline(one.alert, visit.now), *REMEDIES[one.alert.kind]) for one in found]
    ends = [(until, until.moment(visit.now)) for until in Until]
    may = visit.may(Act.ALERT_ACKNOWLEDGE)
    return page(visit, "alerts/now.html", {"rows": rows, "urgent": URGENT, "ends": ends, "may": may})


def headline(alert: Alert, now: datetime) -> str:
    """What it says, without its details."""
    return replace(alert, detail="").text(now)


@_router.post("/alerts/acknowledge")
def acknowledge(
    visit: _Caring,
    kind: Annotated[AlertKind, Form()],
    until: Annotated[Until, Form()],
    why: Annotated[str, Form(max_length=500)],
    subject: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """The visitor takes care of it: until then it is told to nobody else, unless it becomes worse."""
    end = until.moment(visit.now)
    carry_out(visit, why, lambda tx, doing: alert_actions.acknowledge(tx, kind, subject or None, end, doing))
    return redirect(visit, "/alerts", "it was done")


@_router.get("/alerts/history")
def history(visit: Reading, after: After = None) -> Response:
    """Alerts that were opened, the newest first, and who took care of them."""
    with visit.reading() as connection:
        found = alert_history(connection, _SHOWN + 1, after)
    shown = found[:_SHOWN]
    older = f"/alerts/history?after={shown[-1].record.key}" if len(found) > _SHOWN else None
    newest = "/alerts/history" if after else None
    return page(visit, "alerts/history.html", {"alerts": shown, "older": older, "newest": newest})


@_router.get("/alerts/sent")
def sent(visit: Reading) -> Response:
    """Mails and calls of the webhook, the newest first."""
    with visit.reading() as connection:
        found = UnitOfWork(connection).notifications.last(_SHOWN)
    return page(visit, "alerts/sent.html", {"sent": found, "shown": _SHOWN})


ALERTS = Area(_router, (MenuEntry("/alerts", "Alerts", Permission.READ, order=20, key="a"),))
