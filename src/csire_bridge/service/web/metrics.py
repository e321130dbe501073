"""``GET /metrics``: the numbers of this host's processes, for Prometheus."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from csire_bridge.service.wiring.bridge import Bridge
from csire_bridge.service.wiring.gauges import Gauges
from csire_bridge.telemetry.metrics import MetricsPage, set_up_metrics

__all__ = ["metrics_routers"]


def metrics_routers(bridge: Bridge) -> list[APIRouter]:
    """Begin to count, as the settings say, and give the endpoint; nothing where metrics are turned off."""
    settings = bridge.settings.metrics
    if not settings.enabled:
        return []
    page = set_up_metrics(settings.folder)
    page.add(Gauges(bridge, settings.hold_seconds))
    return [_router(page)]


def _router(page: MetricsPage) -> APIRouter:
    router = APIRouter()

    @router.get("/metrics", summary="The numbers of this host's processes, for Prometheus")
    def metrics(request: Request) -> Response:
        text, content_type = page.text(request.headers.get("accept", ""))
        return Response(text, headers={"Content-Type": content_type})

    return router
