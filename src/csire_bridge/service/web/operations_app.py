"""The operations door: what operators and their programs ask this process for.

Rooms that have something to say there give a router, which is put in here and nowhere else.
"""

from __future__ import annotations

from fastapi import APIRouter
from starlette.routing import Mount

from csire_bridge.api.app import PATH, build_api
from csire_bridge.service.web.health import health_router
from csire_bridge.service.web.metrics import metrics_routers
from csire_bridge.service.web.readiness import Readiness
from csire_bridge.service.wiring.api_needs import api_needs
from csire_bridge.service.wiring.bridge import Bridge

__all__ = ["operations_routers"]


def operations_routers(bridge: Bridge, readiness: Readiness) -> list[APIRouter | Mount]:
    """Everything of the operations door, in every role of a process; ``bridge`` is for what other rooms need."""
    return [health_router(readiness.reasons), *metrics_routers(bridge), Mount(PATH, build_api(api_needs(bridge)))]
