"""The service's web application: the hub's webhook, the head-end system's events, health."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import Future
from typing import cast

from fastapi import FastAPI, Request, Response

from csire_bridge.bootstrap import Bridge
from csire_bridge.domain.messages import Form
from csire_bridge.domain.partners import PartnerLimits
from csire_bridge.grouping import Grouped
from csire_bridge.hes.endpoint import events_router
from csire_bridge.hub.webhook import Receipt, hub_router
from csire_bridge.pipeline.receive import Arrival
from csire_bridge.pipeline.reception import Answered
from csire_bridge.service.health import health_router
from csire_bridge.service.readiness import Readiness
from csire_bridge.wire.body import BodyLimits

__all__ = ["DoorKeeper", "build_app"]

_log = logging.getLogger(__name__)
_LINGER_SECONDS = 0.002  # less than a commit takes; it makes full groups out of many callers


class DoorKeeper:
    """One thread that takes in what waits at the door: messages that come at the same moment share their commits."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self._group = Grouped[Arrival, Answered](
            self._answer, bridge.settings.web.batch, "intake", linger=_LINGER_SECONDS
        )

    def start(self) -> None:
        """Begin to take messages in."""
        self._group.start()

    def stop(self) -> None:
        """Take in what waits, then end."""
        self._group.stop()

    @property
    def runs(self) -> bool:
        """Whether messages are taken in."""
        return self._group.runs

    def knock(self, origin: str, raw: bytes, form: Form) -> Future[Receipt]:
        """Hand a message in; what the future holds stands in the journal."""
        return cast("Future[Receipt]", self._group.submit(Arrival(origin, raw, form)))

    def _answer(self, arrivals: Sequence[Arrival]) -> list[Answered]:
        answers = self._bridge.reception.answer(arrivals)
        if self._bridge.settings.head_end.url:
            self._bridge.worker.wake()
        return answers


def build_app(bridge: Bridge, door: DoorKeeper, readiness: Readiness) -> FastAPI:
    """Everything that the service answers to."""
    web, limits = bridge.settings.web, bridge.settings.limits
    app = FastAPI(title="csire-bridge", docs_url=None, redoc_url=None)
    app.add_exception_handler(Exception, _went_wrong)
    app.include_router(
        hub_router(
            door.knock,
            lambda: bridge.partners,
            body=BodyLimits(limits.max_message_bytes, web.body_seconds, web.bytes_per_second, web.grace_seconds),
            strangers=PartnerLimits(web.strangers_per_minute, web.strangers_at_once, limits.max_message_bytes),
        )
    )
    app.include_router(health_router(readiness.reasons))
    if bridge.settings.head_end.url:
        peers = bridge.settings.head_end.event_peers
        app.include_router(events_router(bridge.take_events, profile=bridge.head_end_profile, allowed_peers=peers))
    return app


async def _went_wrong(_request: Request, error: Exception) -> Response:
    """An error of the bridge itself: nothing was acknowledged, so the sender comes again."""
    _log.error("a request failed: %r", error)
    return Response("the bridge itself failed; send it again", 503, {"Retry-After": "5"}, media_type="text/plain")
