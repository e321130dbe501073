"""The pages of acts, and their places in the menu."""

from __future__ import annotations

from fastapi import APIRouter

from csire_bridge.console.area import Area, MenuEntry
from csire_bridge.console.pages.jobs.above_cap import above_cap_pages
from csire_bridge.console.pages.jobs.all_jobs import list_pages
from csire_bridge.console.pages.jobs.one_job import job_pages
from csire_bridge.console.pages.jobs.planning import planning_pages
from csire_bridge.console.pages.jobs.stop_switch import stop_pages
from csire_bridge.domain.people.roles import Permission

__all__ = ["JOBS"]

_router = APIRouter()
for _pages in (list_pages, planning_pages, job_pages, stop_pages, above_cap_pages):
    _router.include_router(_pages)

JOBS = Area(
    _router,
    (
        MenuEntry("/jobs", "Acts and approvals", Permission.READ, order=300, key="j"),
        MenuEntry("/stop", "Stop switch", Permission.READ, order=310),
        MenuEntry("/cap", "Cap of the hour", Permission.READ, order=320),
    ),
)
