"""Every condition that holds now, wherever it is found, with its state: for commands and the API."""

from __future__ import annotations

from datetime import datetime, timedelta

from csire_bridge.config.settings import Settings
from csire_bridge.domain.law.alerts import law_alerts
from csire_bridge.service.wiring.settings_to_values import law_policy
from csire_bridge.store.database import Database
from csire_bridge.store.queries.alerts.alert_conditions import standing
from csire_bridge.store.queries.alerts.alert_list import ListedAlert, alert_list
from csire_bridge.worker.certificate_job import Certificates, certificates_of
from csire_bridge.worker.database_log_job import log_alerts

__all__ = ["alerts_now"]

_MEMORY = timedelta(days=1)


def alerts_now(
    settings: Settings, database: Database, now: datetime, certificates: Certificates | None = None
) -> list[ListedAlert]:
    """Conditions that hold at ``now`` (UTC) by the settings and the database; raises ConfigurationError.

    ``certificates`` are those of a bridge; without one, they are read.
    """
    limits = settings.limits
    wait, patience = timedelta(seconds=limits.result_wait_seconds), timedelta(seconds=limits.partner_wait_seconds)
    with database.reading() as connection:
        found = [
            *standing(connection, now, wait, _MEMORY, patience),
            *law_alerts(law_policy(settings)),
            *(certificates or certificates_of(settings, connection)).alerts(now),
            *log_alerts(database),
        ]
        return alert_list(connection, found, now)
