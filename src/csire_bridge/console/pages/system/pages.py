"""How the bridge is and how it is set: for administrators."""

from __future__ import annotations

from itertools import groupby
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from csire_bridge.config.shown import Shown, shown_settings
from csire_bridge.config.sources.masked import as_text
from csire_bridge.console.area import Area, Group, MenuEntry
from csire_bridge.console.http.answers import page
from csire_bridge.console.http.visit import Visit, visiting
from csire_bridge.domain.people.roles import Permission
from csire_bridge.store.connection.size import database_bytes
from csire_bridge.store.housekeeping.audit_guard import missing_guards
from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["SYSTEM"]

_router = APIRouter()
_Seeing = Annotated[Visit, Depends(visiting(Permission.SYSTEM))]


@_router.get("/system")
def system(visit: _Seeing) -> Response:
    """Health with remedies, doors, certificates, versions, scheduled jobs, processes, the database."""
    installation, database = visit.api.installation, visit.api.database
    with visit.reading() as connection:
        tx = UnitOfWork(connection)
        jobs, processes, size = tx.ticks.all(), tx.clocks.all(), database_bytes(connection)
        unguarded = missing_guards(connection)
    facts = {
        "reasons": visit.needs.reasons(),
        "doors": list(installation.settings.web.places()),
        "certificates": sorted(installation.certificates(), key=lambda one: one.not_after),
        "versions": installation.versions(),
        "jobs": jobs,
        "processes": processes,
        "database": database.name,
        "size": size,
        "unguarded": unguarded,
    }
    return page(visit, "system/system.html", facts)


@_router.get("/system/settings")
def settings(
    visit: _Seeing, changed: bool = False, name: Annotated[str | None, Query(max_length=100)] = None
) -> Response:
    """Every setting in force, and where its value comes from."""
    shown = [one for one in shown_settings(visit.api.installation.settings.as_read) if not changed or one.changed]
    wanted = [(one, as_text(one.value)) for one in shown if name is None or name.lower() in one.name]
    groups = [(group, list(rows)) for group, rows in groupby(wanted, key=lambda row: _group(row[0]))]
    return page(visit, "system/settings.html", {"groups": groups, "changed": changed, "name": name or ""})


def _group(one: Shown) -> str:
    return one.name.partition(".")[0] if "." in one.name else ""


SYSTEM = Area(_router, (MenuEntry("/system", "System", Permission.SYSTEM, order=840, group=Group.ADMINISTRATION),))
