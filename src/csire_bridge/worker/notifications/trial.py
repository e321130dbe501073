"""A trial of a route, sent at once and without the database."""

from __future__ import annotations

import json
import uuid
from datetime import datetime

from csire_bridge.config.sections.alerts import AlertSettings
from csire_bridge.domain.errors import BridgeError, ConfigurationError
from csire_bridge.domain.operations.alert_records import SendingChannel
from csire_bridge.worker.notifications.notice import Notice
from csire_bridge.worker.notifications.settings_to_routes import outlets_of, routes_of

__all__ = ["send_trial"]

_TEXT = "This is a trial of a route of alerts. Nothing has happened, and nothing is to be done.\n"


def send_trial(settings: AlertSettings, name: str, now: datetime) -> list[tuple[SendingChannel, BridgeError | None]]:
    """Send a trial by each channel of a route; return what became of each. Raises ConfigurationError for an unknown
    route."""
    routes, outlets = routes_of(settings), outlets_of(settings)
    if name not in routes:
        known = ", ".join(routes) or "none"
        raise ConfigurationError(f"there is no route {name!r} under [[alerts.route]]", f"these are set: {known}")
    route = routes[name]
    facts = {"installation": settings.installation, "route": name, "at": now.isoformat(), "trial": True, "changes": []}
    notice = Notice(f"[{settings.installation}] trial of the route {name}", _TEXT, json.dumps(facts))
    tried: list[tuple[SendingChannel, BridgeError | None]] = []
    for channel in route.channels:
        try:
            outlets[channel].send(str(uuid.uuid4()), route.recipients, notice, now)
        except BridgeError as error:
            tried.append((channel, error))
        else:
            tried.append((channel, None))
    return tried
